// Topics, the layout in them, and which properties an operator may set.
#include <future>

#include "tests/topology/kafka/fixture.hpp"
#include "tests/topology/kafka/stranger.hpp"

namespace virtscale {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using KafkaTopics = KafkaTest;

TEST_F(KafkaTopics, AreMadeOnceAndKeepTheirIdentity) {
  const LogIdentity identity = open().identity;
  EXPECT_EQ(identity.size(), 32U);
  EXPECT_THAT(create_kafka_topics(options_, topics_), IsEmpty());
  EXPECT_THAT(check_kafka_topics(options_, topics_), IsEmpty());
  EXPECT_EQ(open().identity, identity);
  EXPECT_EQ(open_kafka_log(options_, std::nullopt).log->layout(), topics_.layout);
}

TEST_F(KafkaTopics, OfTwoMakersAtOnceAreOneLog) {
  options_.prefix = test_prefix();
  auto other = std::async(std::launch::async, [this] { return create_kafka_topics(options_, topics_); });
  EXPECT_THAT(create_kafka_topics(options_, topics_), IsEmpty());
  EXPECT_THAT(other.get(), IsEmpty());
  EXPECT_EQ(open().identity, open().identity);
}

TEST_F(KafkaTopics, ThatDifferAreNamedWithBothValuesAndLeftAsTheyAre) {
  alter_topic(options_.bootstrap, topic(Topic::alerts), "retention.ms", "60000");
  auto wanted = topics_;
  wanted.layout.partitions[1] = 7;
  wanted.replication = 3;
  const auto differences = create_kafka_topics(options_, wanted);
  EXPECT_THAT(differences, Contains(AllOf(HasSubstr(topic(Topic::alerts)), HasSubstr("retention.ms is 60000"),
                                          HasSubstr("should be -1"))));
  EXPECT_THAT(differences, Contains(AllOf(HasSubstr(topic(Topic::signals)), HasSubstr("partitions are 1"),
                                          HasSubstr("should be 7"))));
  EXPECT_THAT(differences, Contains(HasSubstr("replication is 1, and should be 3")));
  EXPECT_THAT(differences, Contains(HasSubstr("partitions of signals is 1, and should be 7")));
  EXPECT_THAT(check_kafka_topics(options_, topics_), Contains(HasSubstr("retention.ms")));
}

TEST_F(KafkaTopics, ThatAreMissingAreNamedWithTheCommandThatMakesThem) {
  options_.prefix = test_prefix();
  EXPECT_THAT(complaint([this] { open(); }),
              AllOf(HasSubstr(topic(Topic::ledger)), HasSubstr("virtscale topics create")));
  EXPECT_THAT(check_kafka_topics(options_, topics_), Contains(HasSubstr("is missing")));
}

TEST_F(KafkaTopics, OfAnotherLayoutAreNotOpened) {
  topics_.layout.partitions[0] = 5;
  topics_.layout.key_hash = "other";
  EXPECT_THAT(complaint([this] { open(); }),
              AllOf(HasSubstr("partitions of alerts is 4, and should be 5"), HasSubstr("key hash is murmur2")));
}

TEST(KafkaProperties, OnWhichExactlyOnceStandsAreRefusedByName) {
  for (const std::string name :
       {"acks", "enable.idempotence", "message.timeout.ms", "group.id", "client.id", "transactional.id",
        "isolation.level", "enable.auto.commit", "max.in.flight.requests.per.connection", "auto.offset.reset"}) {
    const KafkaOptions options{.bootstrap = "127.0.0.1:1",
                               .properties = {{name, "1"}, {"security.protocol", "plaintext"}}};
    try {
      open_kafka_log(options, std::nullopt);
      FAIL() << name;
    } catch (const LogError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(name), Not(HasSubstr("security.protocol"))));
    }
  }
}

TEST(KafkaProperties, ThatLibrdkafkaDoesNotTakeAreNamedWithoutTheirValue) {
  for (const std::string name : {"security.protocol", "no.such.property"}) {
    const KafkaOptions options{.bootstrap = "127.0.0.1:1", .properties = {{name, "hunter2"}}};
    try {
      open_kafka_log(options, std::nullopt);
      FAIL() << name;
    } catch (const LogError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(name), Not(HasSubstr("hunter2"))));
    }
  }
}

TEST(KafkaBrokers, ThatDoNotAnswerAreToldWithinTenSeconds) {
  try {
    open_kafka_log({.bootstrap = "127.0.0.1:1"}, std::nullopt);
    FAIL();
  } catch (const LogError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("within 10 s"), HasSubstr("refused")));
  }
}

}  // namespace
}  // namespace virtscale
