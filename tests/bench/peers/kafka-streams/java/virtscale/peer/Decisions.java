package virtscale.peer;

import com.google.flatbuffers.FlatBufferBuilder;
import virtscale.schema.Body;
import virtscale.schema.Decision;
import virtscale.schema.Event;
import virtscale.schema.Header;
import virtscale.schema.Projection;
import virtscale.schema.Resources;
import virtscale.schema.ScaleAdmitted;
import virtscale.schema.ScaleDecided;
import virtscale.schema.ScaleWanted;
import virtscale.schema.ServiceSpec;

/**
 * Encodes what the fold emits, with one builder for all. Leaves out what Virtscale's host adds to each event (lane
 * number, chained hash), and says a word where its fold writes a sentence.
 */
final class Decisions {
  private static final int BYTES_AT_FIRST = 1024;
  private static final int POLICY = 2; // schemas/identity.fbs

  private final FlatBufferBuilder builder = new FlatBufferBuilder(BYTES_AT_FIRST);

  /** What a decision was made about. */
  record Ask(String org, long scale, ScaleWanted wanted, long now, int from, int to) {}

  byte[] admission(Ask ask, ServiceSpec spec) {
    builder.clear();
    var org = builder.createString(ask.org());
    var service = builder.createString(spec.name());
    var cell = builder.createString(spec.cell());
    var backend = builder.createString(spec.haproxyBackend());
    ServiceSpec.startServiceSpec(builder);
    ServiceSpec.addName(builder, service);
    ServiceSpec.addCell(builder, cell);
    var domain = spec.domain();
    ServiceSpec.addDomain(
        builder, Resources.createResources(builder, domain.vcpuMilli(), domain.ramMib(), domain.diskGib()));
    ServiceSpec.addReplicasMin(builder, spec.replicasMin());
    ServiceSpec.addReplicasMax(builder, spec.replicasMax());
    ServiceSpec.addHaproxyBackend(builder, backend);
    var copy = ServiceSpec.endServiceSpec(builder);
    var names = names(ask);
    return event(org, ask.scale(), Body.ScaleAdmitted,
        ScaleAdmitted.createScaleAdmitted(builder, service, copy, ask.from(), ask.to(), names));
  }

  byte[] decision(Ask ask, boolean admitted, String code, long contractVersion, int overage, Gate.Usage usage,
      long[] asked, Gate.Verdict verdict) {
    builder.clear();
    var wanted = ask.wanted();
    var org = builder.createString(ask.org());
    var service = builder.createString(wanted.service());
    var reason = builder.createString(code);
    var name = builder.createString(wanted.name());
    var projection = verdict == null ? 0 : projection(usage, asked, verdict);
    ScaleDecided.startScaleDecided(builder);
    ScaleDecided.addService(builder, service);
    ScaleDecided.addDecision(builder, admitted ? Decision.admitted : Decision.refused);
    ScaleDecided.addReason(builder, reason);
    ScaleDecided.addCode(builder, reason);
    if (!admitted && verdict != null) ScaleDecided.addBinding(builder, verdict.binding());
    ScaleDecided.addKind(builder, wanted.kind());
    ScaleDecided.addName(builder, name);
    ScaleDecided.addSignalAtUs(builder, wanted.signalAtUs());
    ScaleDecided.addDecidedAtUs(builder, ask.now());
    ScaleDecided.addFrom(builder, ask.from());
    ScaleDecided.addTo(builder, ask.to());
    ScaleDecided.addContractVersion(builder, contractVersion);
    ScaleDecided.addOveragePercent(builder, overage);
    if (projection != 0) ScaleDecided.addProjection(builder, projection);
    ScaleDecided.addDomains(builder, admitted ? Math.abs(ask.to() - ask.from()) : 0);
    return event(org, ask.scale(), Body.ScaleDecided, ScaleDecided.endScaleDecided(builder));
  }

  private int names(Ask ask) {
    var names = new int[Math.max(ask.to() - ask.from(), 0)];
    for (int i = 0; i < names.length; ++i)
      names[i] = builder.createString(ask.wanted().service() + "-" + Long.toHexString(ask.scale()) + "-" + (i + 1));
    return ScaleAdmitted.createNamesVector(builder, names);
  }

  private int projection(Gate.Usage usage, long[] asked, Gate.Verdict verdict) {
    ScaleDecided.startProjectionVector(builder, Gate.DIMENSIONS);
    for (int i = Gate.DIMENSIONS - 1; i >= 0; --i)
      Projection.createProjection(builder, i, usage.committed()[i], usage.reserved()[i], asked[i],
          verdict.quota()[i], verdict.envelope()[i]);
    return builder.endVector();
  }

  private byte[] event(int org, long scale, byte type, int body) {
    Event.startEvent(builder);
    Event.addHeader(builder, Header.createHeader(builder, 0, 0, 0, POLICY, 0, 0, 0, 0, scale, 0, 0, 0));
    Event.addOrg(builder, org);
    Event.addBodyType(builder, type);
    Event.addBody(builder, body);
    Event.finishEventBuffer(builder, Event.endEvent(builder));
    return builder.sizedByteArray();
  }
}
