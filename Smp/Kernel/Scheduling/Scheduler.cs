using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>
/// Who runs where: the decisions of docs/scheduling.md. Called with interrupts off; members that take a processor are called
/// on that processor. Lives in memory that does not move.
/// </summary>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
public unsafe partial struct Scheduler<TMemory, TProcessors>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    private SchedulerProcessor<TMemory, TProcessors>* _processors;
    private ThreadTable<TMemory, TProcessors>* _threads;
    private long _idle;
    private long _longestPoll;
    private delegate*<int, void> _enteringIdle;
    private delegate*<int, void> _leavingIdle;
    private delegate*<int, int, void> _madeReady;

    /// <summary>Bytes of memory for <see cref="Initialize"/>.</summary>
    public static int MemoryRequired(int processors) => processors * SchedulerProcessor<TMemory, TProcessors>.Size;

    /// <summary>Sets up for <paramref name="count"/> processors, none of them started.</summary>
    /// <param name="memory"><see cref="MemoryRequired"/> zero bytes, aligned to 64.</param>
    /// <param name="count">How many processors there will be at most.</param>
    /// <param name="threads">Gets the blocks of threads that exit.</param>
    public void Initialize(void* memory, int count, ThreadTable<TMemory, TProcessors>* threads)
    {
        _processors = (SchedulerProcessor<TMemory, TProcessors>*)memory;
        _threads = threads;
        TMemory.StoreRelease(ref _idle, 0);
        _longestPoll = IdlePoll.UsualLongest;
        for (int processor = 0; processor < count; processor++)
        {
            _processors[processor].Queue.Initialize(processor);
            _processors[processor].Timers.Initialize();
        }
    }

    /// <summary>Functions to call when a processor is about to halt and when it has stopped being idle (TLB shootdown passes idle processors over).</summary>
    public void SetIdleHooks(delegate*<int, void> entering, delegate*<int, void> leaving)
    {
        _enteringIdle = entering;
        _leavingIdle = leaving;
    }

    /// <summary>The most nanoseconds that a processor polls before it halts; 0: each halts at once. Before any is idle.</summary>
    public void LimitPoll(long longest) => _longestPoll = longest;

    /// <summary>Nanoseconds to poll before the processor, which is going idle, halts.</summary>
    public readonly long PollWindow(int processor) => _processors[processor].Poll.Window;

    /// <summary>A function to call with the id of each thread made ready and the processor it went to (the trace ring).</summary>
    public void SetWakeHook(delegate*<int, int, void> madeReady) => _madeReady = madeReady;

    /// <summary>
    /// Brings a processor in, running its idle thread; PickNext follows. With <paramref name="current"/>, it is running that thread.
    /// </summary>
    public void StartProcessor(int processor, KernelThread* idle, KernelThread* current)
    {
        var self = _processors + processor;
        self->Idle = idle;
        idle->Processor = processor;
        idle->TimerProcessor = -1;
        idle->State = (int)ThreadState.Running;
        if (current == null)
        {
            self->Current = null;
            return;
        }

        self->Queue.Acquire();
        Run(self, processor, current, TProcessors.Now);
        self->Queue.Serve(current->Band, current->RunningSince);
        self->Queue.Release();
    }

    /// <summary>One processor's state, counters and queue.</summary>
    public readonly SchedulerProcessor<TMemory, TProcessors>* Processor(int processor) => _processors + processor;

    /// <summary>The thread on a processor; its idle thread when there is none, null between giving up and picking.</summary>
    public readonly KernelThread* Current(int processor) => _processors[processor].Current;

    /// <summary>
    /// Whether the processor must call <see cref="PickNext"/> (and arm <see cref="NextTimerDeadline"/>) before it returns to a thread.
    /// Asked at the end of every kernel entry.
    /// </summary>
    public readonly bool NeedsAttention(int processor) => _processors[processor].Attention != 0 || _processors[processor].Current == null;

    /// <summary>A reschedule interrupt has arrived.</summary>
    public readonly void OnReschedule(int processor) => _processors[processor].Attention = 1;

    /// <summary>The timer has fired; expired sleepers have been made ready before.</summary>
    /// <returns>Whether to call <see cref="PickNext"/>; the timer is armed anew in any case.</returns>
    public readonly bool OnTimer(int processor, long now)
    {
        var self = _processors + processor;
        if (self->Current != null && self->Current != self->Idle)
        {
            Account(self->Current, now);

            // Even if the queue is empty by now (a thief was there): PickNext then says that no quantum timer is needed.
            if (self->Current->SliceUsed >= SchedulingConstants.Quantum)
                self->Attention = 1;
        }

        return self->Attention != 0;
    }

    /// <summary>When the local timer must fire next, or <see cref="long.MaxValue"/>: for a sleeper, or for the end of a quantum that somebody waits for.</summary>
    public readonly long NextTimerDeadline(int processor)
    {
        var self = _processors + processor;
        long deadline = self->Timers.NextDeadline;
        if (self->Current == null || self->Current == self->Idle || TMemory.LoadAcquire(ref self->Mode) == ProcessorMode.Alone)
            return deadline;
        long quantum = self->Current->RunningSince + SchedulingConstants.Quantum - self->Current->SliceUsed;
        return quantum < deadline ? quantum : deadline;
    }

    /// <summary>Decides who runs now: the current thread, if there is one, goes on unless its quantum is over or a thread of a higher band is due.</summary>
    /// <returns>The thread to resume; it may be the idle thread.</returns>
    public KernelThread* PickNext(int processor, long now)
    {
        var self = _processors + processor;
        Reap(self);
        self->Attention = 0;
        KernelThread* before = self->Current;
        KernelThread* next;
        if (before == self->Idle || before == null)
        {
            LeaveIdle(self, processor, now);
            next = null;
        }
        else
        {
            Account(before, now);
            next = KeepOrRequeue(self, processor, before, now);
        }

        next = next == null ? FindWork(self, processor, now) : next;
        if (next == self->Idle)
            return next;

        AnnounceRunning(self);
        if (now >= self->NextBalance)
        {
            self->NextBalance = now + SchedulingConstants.BalanceInterval;
            if (self->Queue.Length != 0)
                Balance(self, processor, now);
        }

        return next;
    }

    /// <summary>sched_yield: the thread goes behind the others of its band, and its band is charged, so that the lower bands get their turn.</summary>
    /// <returns>The thread to resume.</returns>
    public KernelThread* Yield(int processor, long now)
    {
        var self = _processors + processor;
        self->Counters.Yields++;
        if (self->Queue.Length == 0)
        {
            if (!AnyoneWaits())
                return NeedsAttention(processor) ? PickNext(processor, now) : self->Current;

            // A thread that yields has nothing better to do than what waits elsewhere: it may be what it is waiting for.
            Account(self->Current, now);
            KernelThread* stolen = TrySteal(self, processor, now, self->Current);
            if (stolen != null)
            {
                AnnounceRunning(self);
                return stolen;
            }
        }

        self->Yielding = 1;
        return PickNext(processor, now);
    }

    /// <summary>
    /// The current thread is about to be given to a futex bucket or a timer queue: from there another processor may take it
    /// at once, so its time is accounted before and the processor lets go of it. PickNext follows.
    /// </summary>
    public readonly void Detach(int processor, long now)
    {
        var self = _processors + processor;
        Account(self->Current, now);
        self->Current = null;
    }

    /// <summary>Undoes <see cref="Detach"/>: the thread was not given away after all.</summary>
    public readonly void Attach(int processor, KernelThread* thread) => _processors[processor].Current = thread;

    /// <summary>The current thread ends. PickNext follows; the block goes back to the table once the processor has left it.</summary>
    public readonly void Exit(int processor, long now)
    {
        var self = _processors + processor;
        KernelThread* thread = self->Current;
        Detach(processor, now);
        TMemory.StoreRelease(ref thread->State, (int)ThreadState.Exited);
        self->Exiting = thread;
    }

    /// <summary>Returns the block of a thread that this processor left earlier. PickNext does it; a processor about to be idle for long may ask for it too.</summary>
    public readonly void Reap(int processor) => Reap(_processors + processor);

    private readonly void Reap(SchedulerProcessor<TMemory, TProcessors>* self)
    {
        if (self->Departed != null)
            _threads->Free(self->Departed);
        self->Departed = self->Exiting;
        self->Exiting = null;
    }

    /// <summary>Adds the time since the last account to the thread; idempotent.</summary>
    private static void Account(KernelThread* thread, long now)
    {
        long ran = now - thread->RunningSince;
        if (ran <= 0)
            return;
        thread->RunningSince = now;
        thread->ProcessorTime += ran;
        thread->SliceUsed += ran;
    }

    /// <summary>Puts a thread on the processor. The lock of the queue it came from is held.</summary>
    private static void Run(SchedulerProcessor<TMemory, TProcessors>* self, int processor, KernelThread* thread, long now)
    {
        TMemory.StoreRelease(ref thread->Processor, processor);
        TMemory.StoreRelease(ref thread->State, (int)ThreadState.Running);
        thread->RunningSince = now;
        self->Current = thread;
        self->Counters.ContextSwitches++;
    }

    /// <summary>Null: the current thread has been put on a queue and must not be touched any more.</summary>
    private KernelThread* KeepOrRequeue(SchedulerProcessor<TMemory, TProcessors>* self, int processor, KernelThread* current, long now)
    {
        bool yielding = self->Yielding != 0;
        self->Yielding = 0;
        bool expired = yielding || current->SliceUsed >= SchedulingConstants.Quantum;
        self->Queue.Acquire();
        if (ThreadAffinity.Allows<TMemory, TProcessors>(current, processor))
        {
            self->Queue.Charge(now);
            if (yielding)
                self->Queue.ChargeYield();
            int band = TMemory.LoadAcquire(ref current->Band);
            if (band != self->Queue.CurrentBand)
                self->Queue.Serve(band, now);
            bool alone = self->Queue.Length == 0;
            if (alone || (!expired && !self->Queue.HasPreempting()))
            {
                if (expired)
                    current->SliceUsed = 0;
                self->Queue.Release();
                return current;
            }

            if (expired)
                current->SliceUsed = 0;
            if (TryEnqueue(self, processor, current, now, front: !expired))
            {
                KernelThread* next = self->Queue.DequeueNext(now);
                if (next == current)
                {
                    TMemory.StoreRelease(ref current->State, (int)ThreadState.Running);
                    self->Queue.Release();
                    return current;
                }

                Run(self, processor, next, now);
                ulong waiting = self->Queue.WaitingAffinity();
                self->Queue.Release();
                if (!yielding)
                    self->Counters.Preemptions++;
                WakeIdle(waiting & ~(1UL << processor));
                return next;
            }
        }

        // Its affinity does not allow this processor any longer.
        TMemory.StoreRelease(ref current->State, (int)ThreadState.Blocked);
        self->Queue.Release();
        self->Current = null;
        MakeReady(current);
        return null;
    }

    private KernelThread* FindWork(SchedulerProcessor<TMemory, TProcessors>* self, int processor, long now)
    {
        while (true)
        {
            self->Queue.Acquire();
            KernelThread* next = self->Queue.DequeueNext(now);
            if (next != null)
            {
                Run(self, processor, next, now);
                ulong waiting = self->Queue.WaitingAffinity();
                self->Queue.Release();
                WakeIdle(waiting & ~(1UL << processor));
                return next;
            }

            self->Queue.Release();
            next = TrySteal(self, processor, now, null);
            if (next != null)
                return next;

            // Check, announce, check again.
            EnterIdle(self, processor, now);
            if (self->Queue.Length == 0)
            {
                next = TrySteal(self, processor, now, null);
                if (next == null)
                {
                    self->Current = self->Idle;
                    if (_enteringIdle != null)
                        _enteringIdle(processor);
                    return self->Idle;
                }
            }

            // The hooks are for processors that halt: this one has not.
            WithdrawIdle(self, processor, now);
            if (next != null)
                return next;
        }
    }

    private void EnterIdle(SchedulerProcessor<TMemory, TProcessors>* self, int processor, long now)
    {
        self->IdleSince = now;
        self->Counters.IdleEntries++;
        TMemory.Exchange(ref self->Mode, ProcessorMode.Idle);
        TMemory.Add(ref _idle, 1L << processor);
    }

    private void WithdrawIdle(SchedulerProcessor<TMemory, TProcessors>* self, int processor, long now)
    {
        TMemory.Exchange(ref self->Mode, ProcessorMode.Awake);
        TMemory.Add(ref _idle, -(1L << processor));
        self->Counters.IdleTime += now - self->IdleSince;
    }

    private void LeaveIdle(SchedulerProcessor<TMemory, TProcessors>* self, int processor, long now)
    {
        int mode = TMemory.LoadAcquire(ref self->Mode);
        if (mode != ProcessorMode.Idle && mode != ProcessorMode.Waking)
            return;
        if (_leavingIdle != null)
            _leavingIdle(processor);
        self->Poll.Learn(now - self->IdleSince, _longestPoll);
        WithdrawIdle(self, processor, now);
    }

    /// <summary>The last thing before a thread runs: says whether the processor will look at its queue by itself.</summary>
    private static void AnnounceRunning(SchedulerProcessor<TMemory, TProcessors>* self)
    {
        if (self->Queue.Length == 0)
        {
            // A processor that is Alone already was seen as such by every waker since, and owes nothing.
            if (TMemory.LoadAcquire(ref self->Mode) == ProcessorMode.Alone)
                return;
            TMemory.Exchange(ref self->Mode, ProcessorMode.Alone);
            if (self->Queue.Length == 0)
                return;
        }

        TMemory.StoreRelease(ref self->Mode, ProcessorMode.Sharing);
    }
}
