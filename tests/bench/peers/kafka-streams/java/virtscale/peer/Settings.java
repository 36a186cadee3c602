package virtscale.peer;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;

/**
 * What a line of the input asks for. {@code bootstrap}, {@code prefix} (of topics), {@code id}, {@code state} (a
 * directory), {@code threads}, {@code commit_ms}, {@code poll_ms}, {@code linger_ms} and {@code large} must be there.
 */
record Settings(String application, Map<String, String> values) {
  private static final int BYTES_OF_A_BATCH = 256 * 1024;
  private static final int RECORDS_OF_A_POLL = 5_000;
  private static final long CACHE_BYTES = 64L << 20;

  static Settings parse(String line) {
    var words = line.split(" ");
    var values = new HashMap<String, String>();
    for (int i = 1; i < words.length; ++i) {
      var parts = words[i].split("=", 2);
      values.put(parts[0], parts[1]);
    }
    return new Settings(words[0], values);
  }

  String get(String name) {
    return values.get(name);
  }

  String topic(String name) {
    return get("prefix") + name;
  }

  /**
   * Exactly once, acks=all as that includes. Whether an event waits for others is the caller's choice.
   */
  Properties properties() {
    var all = new Properties();
    all.put(StreamsConfig.APPLICATION_ID_CONFIG, get("id"));
    all.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, get("bootstrap"));
    all.put(StreamsConfig.STATE_DIR_CONFIG, get("state"));
    all.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    all.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    all.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    all.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    all.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, get("threads"));
    all.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, get("commit_ms"));
    all.put(StreamsConfig.POLL_MS_CONFIG, get("poll_ms"));
    all.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), get("linger_ms"));
    all.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    if (Boolean.parseBoolean(get("large"))) putLarge(all);
    return all;
  }

  /** Batches, polls and buffers that serve a flood better than Kafka's own. */
  private static void putLarge(Properties all) {
    all.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE_BYTES);
    all.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, RECORDS_OF_A_POLL);
    all.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), BYTES_OF_A_BATCH);
    all.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), RECORDS_OF_A_POLL);
  }
}
