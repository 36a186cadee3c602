// C11's threads, mutexes and conditions in POSIX's words, for librdkafka under ThreadSanitizer.
//
// The one thing to know: that of g++ 12 sees POSIX's only. A thread that it did not see begin ends the process at its
// first allocation, and a lock that it did not see makes races of what is none. What librdkafka does not call is not
// here.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace {

// glibc's own C11 functions do the same.
pthread_mutex_t* posix(mtx_t* mutex) {
  static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t));
  return reinterpret_cast<pthread_mutex_t*>(mutex);
}
pthread_cond_t* posix(cnd_t* condition) {
  static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t));
  return reinterpret_cast<pthread_cond_t*>(condition);
}

int c11(int error) {
  if (error == 0) return thrd_success;
  return error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

struct Begin {
  thrd_start_t run;
  void* argument;
};

void* run_thread(void* given) {
  const std::unique_ptr<Begin> begin(static_cast<Begin*>(given));
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(begin->run(begin->argument)));
}

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) {
  auto begin = std::make_unique<Begin>(Begin{run, argument});
  const int error = pthread_create(thread, nullptr, run_thread, begin.get());
  if (error == 0) static_cast<void>(begin.release());
  return c11(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* end = nullptr;
  const int error = pthread_join(thread, &end);
  if (error == 0 && result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(end));
  return c11(error);
}

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(posix(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return c11(error);
}
int mtx_lock(mtx_t* mutex) {
  return c11(pthread_mutex_lock(posix(mutex)));
}
int mtx_unlock(mtx_t* mutex) {
  return c11(pthread_mutex_unlock(posix(mutex)));
}
void mtx_destroy(mtx_t* mutex) {
  pthread_mutex_destroy(posix(mutex));
}

int cnd_init(cnd_t* condition) {
  return c11(pthread_cond_init(posix(condition), nullptr));
}
int cnd_signal(cnd_t* condition) {
  return c11(pthread_cond_signal(posix(condition)));
}
int cnd_broadcast(cnd_t* condition) {
  return c11(pthread_cond_broadcast(posix(condition)));
}
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return c11(pthread_cond_wait(posix(condition), posix(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return c11(pthread_cond_timedwait(posix(condition), posix(mutex), until));
}
void cnd_destroy(cnd_t* condition) {
  pthread_cond_destroy(posix(condition));
}

}  // extern "C"
