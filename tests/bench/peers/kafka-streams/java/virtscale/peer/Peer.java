package virtscale.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;

/**
 * Runs one application after another, as the lines of standard input say: {@code policy|chain NAME=VALUE...} starts
 * one (see {@link Settings}) and answers {@code running}; {@code stop} ends it and answers {@code stopped}. One JVM
 * serves all measurements, so that they find its code compiled. The end of the input ends the program.
 */
public final class Peer {
  private static final Duration CLOSE_MAX = Duration.ofSeconds(30);

  private Peer() {}

  public static void main(String[] arguments) throws Exception {
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    KafkaStreams running = null;
    for (var line = input.readLine(); line != null; line = input.readLine()) {
      if (!line.equals("stop")) {
        running = start(line);
        System.out.println("running");
      } else if (running != null) {
        running.close(CLOSE_MAX);
        running.cleanUp();
        running = null;
        System.out.println("stopped");
      }
    }
    System.exit(0); // at once, with whatever still runs
  }

  private static KafkaStreams start(String line) throws IOException, InterruptedException {
    var settings = Settings.parse(line);
    Topology topology = settings.application().equals("chain") ? Chain.topology(settings) : Policy.topology(settings);
    var streams = new KafkaStreams(topology, settings.properties());
    var started = new CountDownLatch(1);
    streams.setStateListener((now, before) -> {
      if (now == KafkaStreams.State.RUNNING) started.countDown();
      if (now == KafkaStreams.State.ERROR) System.exit(1);
    });
    streams.start();
    started.await();
    return streams;
  }
}
