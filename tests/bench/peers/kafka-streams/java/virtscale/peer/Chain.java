package virtscale.peer;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Five hops in a row, from `signals` through four topics of their own to `outcomes`: what a loop of five stages costs
 * before any of them does work. Each counts the records of a key in a store, and passes the record on.
 */
final class Chain {
  private static final int HOPS = 5;
  private static final String STORE = "seen-";

  private Chain() {}

  static Topology topology(Settings settings) {
    makeTopics(settings);
    var topology = new Topology();
    for (int hop = 1; hop <= HOPS; ++hop) {
      var store = STORE + hop;
      topology.addSource("source-" + hop, between(settings, hop - 1));
      topology.addProcessor("hop-" + hop, () -> new Hop(store), "source-" + hop);
      topology.addStateStore(
          Stores.keyValueStoreBuilder(
                  Stores.persistentKeyValueStore(store), Serdes.ByteArray(), Serdes.ByteArray())
              .withCachingEnabled()
              .withLoggingEnabled(Map.of()),
          "hop-" + hop);
      topology.addSink("sink-" + hop, between(settings, hop), "hop-" + hop);
    }
    return topology;
  }

  private static String between(Settings settings, int hop) {
    if (hop == 0) return settings.topic("signals");
    return settings.topic(hop == HOPS ? "outcomes" : "hop-" + hop);
  }

  private static void makeTopics(Settings settings) {
    List<NewTopic> topics = IntStream.range(1, HOPS)
        .mapToObj(hop -> new NewTopic(between(settings, hop), 1, (short) 1)).toList();
    try (var admin = Admin.create(settings.properties())) {
      admin.createTopics(topics).all().get();
    } catch (Exception failure) {
      throw new IllegalStateException("cannot make the topics between the hops", failure);
    }
  }

  private static final class Hop implements Processor<byte[], byte[], byte[], byte[]> {
    private final String store;
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<byte[], byte[]> seen;

    Hop(String store) {
      this.store = store;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      seen = context.getStateStore(store);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      var before = seen.get(record.key());
      var count = before == null ? 0 : ByteBuffer.wrap(before).getLong();
      seen.put(record.key(), ByteBuffer.allocate(Long.BYTES).putLong(count + 1).array());
      context.forward(record);
    }
  }
}
