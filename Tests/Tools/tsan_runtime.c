// What ThreadSanitizer cannot see of the Swift 6.3 runtime on Linux, because the runtime is not instrumented. Preloaded by
// Tests/Tools/sanitize; without it correct programs are reported.
//
//  - Synchronization.Mutex: its quick path is inlined into our code and seen; a lock that had to wait, and the one that
//    woke it, go through the kernel (Synchronization/Mutex/LinuxImpl.swift).
//  - A continuation that is resumed before it is awaited: the runtime tells the sanitizer of the resumption ("Make sure
//    TSan knows that the resume call happens-before the task restarting", Concurrency/Task.cpp), but acquires it only
//    where a task is run again, not where it goes on at once.
//
// Each edge added here is one that the runtime does make, so no race is hidden by it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

struct task;
extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));
extern struct task *swift_task_getCurrent(void) __attribute__((weak));

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define SELF __attribute__((swift_context)) void *self

#define CONTEXT __attribute__((swift_async_context)) struct continuation *context

// The beginnings of swift::AsyncTask and swift::ContinuationAsyncContext (swift/ABI/Task.h), 64 bits.
struct continuation;
typedef __attribute__((swiftasynccall)) void (*Resume)(CONTEXT);
struct task { void *others[7]; Resume resume_task; };
struct continuation { void *parent; Resume resume_parent; uintptr_t flags; };
static const uintptr_t executor_switch_is_forced = 2;

typedef __attribute__((swiftcall)) void (*Lock)(uint32_t thread, SELF);
typedef __attribute__((swiftcall)) void (*Unlock)(SELF);
typedef __attribute__((swiftcall)) bool (*TryLock)(SELF);
typedef __attribute__((swiftasynccall)) void (*Await)(struct continuation *context);

static Lock lock;
static Unlock unlock;
static TryLock try_lock;
static Await await;

__attribute__((constructor)) static void find(void) {
    lock = (Lock)dlsym(RTLD_NEXT, LOCK);
    unlock = (Unlock)dlsym(RTLD_NEXT, UNLOCK);
    try_lock = (TryLock)dlsym(RTLD_NEXT, TRY_LOCK);
    await = (Await)dlsym(RTLD_NEXT, "swift_continuation_await");
}

__attribute__((swiftcall)) void traced_lock(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((swiftcall)) void traced_lock(uint32_t thread, SELF) {
    lock(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

__attribute__((swiftcall)) void traced_unlock(SELF) __asm__(UNLOCK);
__attribute__((swiftcall)) void traced_unlock(SELF) {
    if (__tsan_release) __tsan_release(self);
    unlock(self);
}

__attribute__((swiftcall)) bool traced_try_lock(SELF) __asm__(TRY_LOCK);
__attribute__((swiftcall)) bool traced_try_lock(SELF) {
    bool taken = try_lock(self);
    if (taken && __tsan_acquire) __tsan_acquire(self);
    return taken;
}

// Where a task goes on at once. The runtime released the task when it was resumed.
__attribute__((swiftasynccall)) static void traced_resume(CONTEXT) {
    struct task *task = swift_task_getCurrent();
    __tsan_acquire(task);
    __attribute__((musttail)) return task->resume_task(context);
}

__attribute__((swiftasynccall)) void swift_continuation_await(struct continuation *context) {
    struct task *task = __tsan_acquire && swift_task_getCurrent ? swift_task_getCurrent() : 0;
    if (task) __tsan_acquire(task);
    // A resumption may still come before the runtime looks.
    if (task && !(context->flags & executor_switch_is_forced) && context->resume_parent == task->resume_task) {
        context->resume_parent = traced_resume;
    }
    __attribute__((musttail)) return await(context);
}
