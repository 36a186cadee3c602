package virtscale.peer;

import java.nio.ByteBuffer;
import virtscale.schema.ContractApplied;
import virtscale.schema.Resources;

/** The gate's arithmetic, as stages/policy/gate.hpp has it: exact integers in three dimensions. */
final class Gate {
  static final int DIMENSIONS = 3;

  private Gate() {}

  /** One amount for each dimension: vcpu, ram, disk. */
  static long[] amounts(Resources resources) {
    return new long[] {resources.vcpuMilli(), resources.ramMib(), resources.diskGib()};
  }

  static long[] times(long[] amounts, long count) {
    return new long[] {amounts[0] * count, amounts[1] * count, amounts[2] * count};
  }

  /** What an org has in use and what is promised. As a row: six numbers. */
  record Usage(long[] committed, long[] reserved) {
    static Usage of(byte[] row) {
      var usage = new Usage(new long[DIMENSIONS], new long[DIMENSIONS]);
      if (row == null) return usage;
      var numbers = ByteBuffer.wrap(row).asLongBuffer();
      numbers.get(usage.committed).get(usage.reserved);
      return usage;
    }

    void reserve(long[] asked) {
      for (int i = 0; i < DIMENSIONS; ++i) reserved[i] += asked[i];
    }

    byte[] row() {
      var row = ByteBuffer.allocate(2 * DIMENSIONS * Long.BYTES);
      row.asLongBuffer().put(committed).put(reserved);
      return row.array();
    }
  }

  /** A change of the usage under a contract, projected. {@code binding} counts for what is not admitted. */
  record Verdict(long[] quota, long[] envelope, boolean admitted, int binding) {}

  static Verdict project(ContractApplied contract, Usage usage, long[] asked) {
    var quota = amounts(contract.quota());
    var envelope = new long[DIMENSIONS];
    int binding = -1;
    double most = -1;
    for (int i = 0; i < DIMENSIONS; ++i) {
      envelope[i] = quota[i] * (100 + contract.overagePercent()) / 100;
      var after = usage.committed[i] + usage.reserved[i] + asked[i];
      var share = (double) after / quota[i];
      if (after <= envelope[i] || share <= most) continue;
      binding = i;
      most = share;
    }
    return new Verdict(quota, envelope, binding < 0, Math.max(binding, 0));
  }
}
