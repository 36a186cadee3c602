package virtscale.peer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import virtscale.schema.Body;
import virtscale.schema.ContractApplied;
import virtscale.schema.Event;
import virtscale.schema.ScaleMode;
import virtscale.schema.ScaleWanted;
import virtscale.schema.ServiceApplied;
import virtscale.schema.ServiceSpec;
import virtscale.schema.SignalKind;

/**
 * The contract's rule as Virtscale's policy stage has it, for the records that the bench sends: contracts, services,
 * and scales that are wanted. State is in RocksDB with a changelog and a cache.
 *
 * <p>It does less than the stage: no row for each domain, no refusals that stand, no mails, no Idempotency-Key, no
 * ledger's words, no lanes and hashes.
 */
final class Policy implements Processor<byte[], byte[], byte[], byte[]> {
  private static final String CONTRACTS = "contracts"; // org: ContractApplied
  private static final String SERVICES = "services"; // org/service: ServiceApplied
  private static final String USAGE = "usage"; // org: Gate.Usage
  private static final String BOOKS = "books"; // org/service: Book
  private static final String DECISIONS = "decisions";
  private static final String OUTCOMES = "outcomes";
  private static final int REPLICAS_OF_A_SCALE_MAX = 10_000;

  private final Decisions decisions = new Decisions();
  private final Event event = new Event();
  private ProcessorContext<byte[], byte[]> context;
  private KeyValueStore<String, byte[]> contracts;
  private KeyValueStore<String, byte[]> services;
  private KeyValueStore<String, byte[]> usages;
  private KeyValueStore<String, byte[]> books;

  static Topology topology(Settings settings) {
    var topology = new Topology();
    topology.addSource("signals", settings.topic("signals"));
    topology.addProcessor("policy", Policy::new, "signals");
    for (var store : new String[] {CONTRACTS, SERVICES, USAGE, BOOKS}) topology.addStateStore(rows(store), "policy");
    topology.addSink(DECISIONS, settings.topic(DECISIONS), "policy");
    topology.addSink(OUTCOMES, settings.topic(OUTCOMES), "policy");
    return topology;
  }

  private static StoreBuilder<KeyValueStore<String, byte[]>> rows(String name) {
    return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), Serdes.ByteArray())
        .withCachingEnabled()
        .withLoggingEnabled(Map.of());
  }

  @Override
  public void init(ProcessorContext<byte[], byte[]> context) {
    this.context = context;
    contracts = context.getStateStore(CONTRACTS);
    services = context.getStateStore(SERVICES);
    usages = context.getStateStore(USAGE);
    books = context.getStateStore(BOOKS);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    Event.getRootAsEvent(ByteBuffer.wrap(record.value()), event);
    var org = event.org();
    switch (event.bodyType()) {
      case Body.ContractApplied -> contracts.put(org, record.value());
      case Body.ServiceApplied -> services.put(org + "/" + spec(record.value()).name(), record.value());
      case Body.ScaleWanted -> decide(org, (ScaleWanted) event.body(new ScaleWanted()), record);
      default -> { }
    }
  }

  private static ServiceSpec spec(byte[] applied) {
    return ((ServiceApplied) Event.getRootAsEvent(ByteBuffer.wrap(applied)).body(new ServiceApplied())).spec();
  }

  private static ContractApplied contract(byte[] applied) {
    return (ContractApplied) Event.getRootAsEvent(ByteBuffer.wrap(applied)).body(new ContractApplied());
  }

  /** What a service has: its replicas, and when they last changed, for the cooldowns. */
  private record Book(int replicas, long lastOutUs, long lastInUs) {
    static Book of(byte[] row) {
      if (row == null) return new Book(0, 0, 0);
      var numbers = ByteBuffer.wrap(row);
      return new Book(numbers.getInt(), numbers.getLong(), numbers.getLong());
    }

    byte[] row() {
      return ByteBuffer.allocate(Integer.BYTES + 2 * Long.BYTES)
          .putInt(replicas).putLong(lastOutUs).putLong(lastInUs).array();
    }
  }

  private void decide(String org, ScaleWanted wanted, Record<byte[], byte[]> record) {
    var key = org + "/" + wanted.service();
    var applied = services.get(key);
    if (applied == null) return;
    var spec = spec(applied);
    var book = Book.of(books.get(key));
    var now = record.timestamp() * 1000;
    var to = wanted.mode() == ScaleMode.to ? wanted.amount() : book.replicas + wanted.amount();
    var ask = new Decisions.Ask(org, event.header().scale(), wanted, now, book.replicas, to);
    var beyond = to < spec.replicasMin() || to > spec.replicasMax();
    if (Math.abs(wanted.amount()) > REPLICAS_OF_A_SCALE_MAX || beyond) {
      answer(record, ask, false, "beyond_bounds", null, null, null, null);
    } else if (to == book.replicas) {
      answer(record, ask, true, "already_there", null, null, null, null);
    } else if (!cools(wanted, spec, book, to - book.replicas, now)) {
      change(record, ask, spec, book, key);
    }
  }

  private static boolean cools(ScaleWanted wanted, ServiceSpec spec, Book book, int growth, long now) {
    if (wanted.kind() != SignalKind.alert) return false;
    if (growth > 0) return book.lastOutUs != 0 && now - book.lastOutUs < spec.cooldownOutUs();
    var last = Math.max(book.lastOutUs, book.lastInUs);
    return last != 0 && now - last < spec.cooldownInUs();
  }

  private void change(Record<byte[], byte[]> record, Decisions.Ask ask, ServiceSpec spec, Book book, String key) {
    var terms = contracts.get(ask.org());
    if (terms == null) {
      answer(record, ask, false, "no_contract", null, null, null, null);
      return;
    }
    var contract = contract(terms);
    var usage = Gate.Usage.of(usages.get(ask.org()));
    var growth = ask.to() - ask.from();
    var asked = Gate.times(Gate.amounts(spec.domain()), Math.max(growth, 0));
    var verdict = Gate.project(contract, usage, asked);
    var admitted = growth < 0 || verdict.admitted();
    if (admitted) emit(record, DECISIONS, spec.cell(), decisions.admission(ask, spec));
    answer(record, ask, admitted, admitted ? "within_envelope" : "beyond_envelope", contract, usage, asked, verdict);
    if (!admitted) return;
    usage.reserve(asked);
    usages.put(ask.org(), usage.row());
    books.put(key, new Book(ask.to(), growth > 0 ? ask.now() : book.lastOutUs, growth < 0 ? ask.now() : book.lastInUs)
        .row());
  }

  private void answer(Record<byte[], byte[]> record, Decisions.Ask ask, boolean admitted, String code,
      ContractApplied contract, Gate.Usage usage, long[] asked, Gate.Verdict verdict) {
    emit(record, OUTCOMES, ask.org(),
        decisions.decision(ask, admitted, code, contract == null ? 0 : contract.version(),
            contract == null ? 0 : contract.overagePercent(), usage, asked, verdict));
  }

  private void emit(Record<byte[], byte[]> record, String sink, String key, byte[] value) {
    context.forward(record.withKey(key.getBytes(StandardCharsets.UTF_8)).withValue(value), sink);
  }
}
