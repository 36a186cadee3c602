"""The judge of the soak can say no, and can say yes."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from verdict import Sample, faults_of, slope, slowed  # pylint: disable=wrong-import-position

HOUR = 3600.0


def samples(memory=lambda at: 50.0, descriptors=lambda at: 40, threads=lambda at: 9, disk=lambda at: 1000.0):
    return [Sample(at, memory(at), descriptors(at), threads(at), disk(at)) for at in range(0, int(HOUR), 10)]


def faults(**series):
    return faults_of("signal-1", samples(**series), HOUR, 4.0)


class Verdict(unittest.TestCase):
    def test_what_stays_as_it_is_has_no_fault(self):
        self.assertEqual(faults(), [])

    def test_what_grows_while_it_warms_up_has_no_fault(self):
        self.assertEqual(faults(memory=lambda at: 20 + min(at, 600) / 10), [])

    def test_memory_that_creeps_is_told(self):
        self.assertIn("memory grows by 20.0 MiB an hour", faults(memory=lambda at: 50 + 20 * at / HOUR)[0])

    def test_what_policy_and_audit_keep_of_each_request_is_allowed_to_them_alone(self):
        def keeping(at):
            return 50 + 30 * at / HOUR
        self.assertEqual(faults_of("policy-1", samples(memory=keeping), HOUR, 4.0), [])
        self.assertIn("memory grows", faults_of("signal-1", samples(memory=keeping), HOUR, 4.0)[0])

    def test_a_descriptor_for_each_kill_is_told(self):
        self.assertIn("descriptors grew", faults(descriptors=lambda at: 40 + at // 60)[0])

    def test_a_thread_for_each_kill_is_told(self):
        self.assertIn("threads grew", faults(threads=lambda at: 9 + at // 60)[0])

    def test_state_that_takes_too_much_a_request_is_told(self):
        self.assertIn("20.0 KiB a request", faults(disk=lambda at: 80 * at)[0])

    def test_too_short_a_campaign_is_no_proof(self):
        self.assertIn("too few to judge", faults_of("policy-1", samples()[:5], 50, 4.0)[0])

    def test_answers_that_slow_down_are_told(self):
        steady = [(at, 0.1) for at in range(3600)]
        self.assertEqual(slowed(steady, HOUR), [])
        self.assertIn("0.400 s in the last", slowed(steady[:2400] + [(at, 0.4) for at in range(2400, 3600)], HOUR)[0])
        self.assertIn("no answer", slowed(steady[:1300], HOUR)[0])

    def test_a_line_has_its_slope(self):
        self.assertAlmostEqual(slope([(0, 1), (1, 3), (2, 5)]), 2.0)


if __name__ == "__main__":
    unittest.main()
