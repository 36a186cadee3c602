"""usage: alert.py BOOTSTRAP TOPIC ORG/SERVICE NAME VALUE: raises an alert of the service, straight to Kafka."""

import secrets
import sys
import time

import flatbuffers
from confluent_kafka import Producer

from virtscale.schema import AlertRaised, Body, Event, Header

# Ids of this process: a number that is drawn once, and a count.
DRAWN, FROM_OUTSIDE = secrets.randbits(64) | 1, 0


def alert(count, org, service, name, value):
    """The bytes of an Event with an AlertRaised that starts now."""
    builder = flatbuffers.Builder()
    fingerprint = builder.CreateString(f"{org}/{service}/{name}")
    service, name, org = builder.CreateString(service), builder.CreateString(name), builder.CreateString(org)
    AlertRaised.Start(builder)
    AlertRaised.AddService(builder, service)
    AlertRaised.AddName(builder, name)
    AlertRaised.AddFingerprint(builder, fingerprint)
    AlertRaised.AddStartsAtUs(builder, time.time_ns() // 1000)
    AlertRaised.AddValueMilli(builder, round(1000 * value))
    body = AlertRaised.End(builder)

    Event.Start(builder)
    Event.AddHeader(builder, Header.CreateHeader(
        builder, DRAWN, 0, count, FROM_OUTSIDE, answers_offset=0, answers_partition=0, answers_index=0, answers_stage=0,
        scale=0, lane=0, hash=0, epoch=0))
    Event.AddOrg(builder, org)
    Event.AddBodyType(builder, Body.Body.AlertRaised)
    Event.AddBody(builder, body)
    builder.Finish(Event.End(builder), file_identifier=b"VSE1")
    return bytes(builder.Output())


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    bootstrap, topic, key, name, value = sys.argv[1:]
    org, service = key.split("/")
    refused = []
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "enable.idempotence": True})
    producer.produce(topic, key=key, value=alert(0, org, service, name, float(value)),
                     on_delivery=lambda error, _: refused.append(error) if error else None)
    if producer.flush(30) or refused:
        sys.exit(f"{topic} at {bootstrap}: {refused[0] if refused else 'no answer within 30 s'}")


if __name__ == "__main__":
    main()
