using System.Runtime.CompilerServices;
using Troupe.Core.Machine;
using Troupe.Smp.Kernel.Processors;
using Troupe.Smp.Kernel.Scheduling;
using Troupe.Smp.Kernel.Signals;
using Troupe.Smp.Kernel.SystemCalls;

namespace Troupe.Smp.Kernel;

/// <summary>Frames for thread blocks.</summary>
internal readonly unsafe struct ThreadPages : IPageSource
{
    /// <inheritdoc/>
    public static void* Allocate() => (void*)KernelMemory.AllocateFrame();
}

/// <summary>Threads as system calls and interrupts see them: the image's one scheduler, thread table and futex table.</summary>
internal static unsafe partial class Threads
{
    private static Scheduler _scheduler;
    private static ThreadTable _table;
    private static FutexTable _futexes;

    private static ThreadTable* Table => (ThreadTable*)Unsafe.AsPointer(ref _table);

    private static Scheduler* TheScheduler => (Scheduler*)Unsafe.AsPointer(ref _scheduler);

    /// <summary>The thread that runs on this processor; not between its being given away and the next choice.</summary>
    internal static KernelThread* Current => (KernelThread*)Instructions.ProcessorBlock()->Current;

    /// <summary>Threads alive.</summary>
    internal static int Count => _table.Count;

    /// <summary>Processor time of all processors since boot, idle time left out: nanoseconds.</summary>
    internal static long TotalProcessorTime
    {
        get
        {
            long idle = 0;
            int count = KernelProcessors.Count;
            for (int i = 0; i < count; i++)
            {
                idle += _scheduler.Processor(i)->Counters.IdleTime;
            }

            long all = KernelClock.Now * count;
            return all > idle ? all - idle : 0;
        }
    }

    /// <summary>Threads that wait for a processor.</summary>
    internal static int Waiting(int processor) => _scheduler.Processor(processor)->Queue.Length;

    /// <summary>One processor's counters.</summary>
    internal static SchedulerCounters* Counters(int processor) => &_scheduler.Processor(processor)->Counters;

    /// <summary>Boot processor, once memory is up.</summary>
    internal static void Initialize(PerProcessor* processor)
    {
        ulong bytes = (ulong)Scheduler.MemoryRequired(IProcessors.Maximum);
        ulong frames = (bytes + KernelMemory.FrameSize - 1) / KernelMemory.FrameSize;
        ulong memory = KernelMemory.AllocateContiguous(frames);
        if (memory == 0)
        {
            Panic.Now("not enough memory for the scheduler"u8);
        }

        SetIdle(processor, KernelMemory.RequireFrame());
        Instructions.Zero(memory, frames * KernelMemory.FrameSize);
        _scheduler.Initialize((void*)memory, IProcessors.Maximum, Table);
        _scheduler.SetIdleHooks(&EnteringIdle, &LeavingIdle);
        _scheduler.SetWakeHook(&MadeReady);
        if (CommandLine.PollMicroseconds >= 0)
        {
            _scheduler.LimitPoll(CommandLine.PollMicroseconds * 1000);
        }

        InitializeFutexes();
        KernelMemory.TlbShootdown->EnterRunning();
    }

    /// <summary>Makes a processor's idle thread in a frame.</summary>
    internal static void SetIdle(PerProcessor* processor, ulong frame)
    {
        // Its stack is what is left of the block's page: the loop pushes nothing, interrupts push into the thread.
        Instructions.Zero(frame, KernelMemory.FrameSize);
        var idle = (KernelThread*)frame;
        SetStart(idle, ImageSymbols.IdleLoop(), (ulong)idle + KernelThread.RegistersOffset);
        idle->Affinity = 1UL << processor->Index;
        idle->Band = (int)Band.Low;
        processor->Idle = idle;
    }

    /// <summary>A processor joins, with nothing or with its first thread.</summary>
    internal static void StartProcessor(PerProcessor* processor, KernelThread* first) =>
        _scheduler.StartProcessor(processor->Index, (KernelThread*)processor->Idle, first);

    /// <summary>A thread that has nobody's state: the program's first.</summary>
    internal static KernelThread* CreateFirst(ulong start, ulong stack)
    {
        KernelThread* thread = _table.Allocate<ThreadPages>();
        if (thread == null)
        {
            Panic.Now("not enough memory for the first thread"u8);
        }

        SetStart(thread, start, stack);
        return thread;
    }

    /// <summary>clone: the creator's registers and extended state, with RAX 0 and a stack of its own. Null: no memory or too many.</summary>
    internal static KernelThread* Create(KernelThread* parent, ulong stack, ulong threadPointer)
    {
        KernelThread* child = _table.Allocate<ThreadPages>();
        if (child == null)
        {
            return null;
        }

        Instructions.Copy((ulong)&child->Registers, (ulong)&parent->Registers, (ulong)sizeof(Registers));
        Instructions.Copy((ulong)ThreadContext.ExtendedState(child), (ulong)ThreadContext.ExtendedState(parent), ThreadContext.ExtendedStateSize);
        child->Registers.Rax = 0;
        child->Registers.Rsp = stack;
        child->FsBase = threadPointer;
        child->SignalMask = parent->SignalMask;
        child->Band = parent->Band;
        child->Affinity = parent->Affinity;
        return child;
    }

    /// <summary>Lets a created thread run.</summary>
    internal static void Start(KernelThread* thread) => _scheduler.MakeReady(thread);

    /// <summary>A created thread will not run after all.</summary>
    internal static void Abandon(KernelThread* thread) => _table.Free(thread);

    /// <summary>The running thread ends: its clear-tid word is zeroed and woken, which is how pthread_join learns of it.</summary>
    internal static void Exit(KernelThread* thread)
    {
        ulong word = thread->ClearChildThreadId;
        if (word != 0 && UserMemory.TryWrite32(word, 0))
        {
            Wake(word, 1, ~0U);
        }

        _scheduler.Exit(Instructions.ProcessorIndex(), KernelClock.Now);
    }

    /// <summary>Who runs next on this processor: asked at the end of every entry into the kernel.</summary>
    internal static KernelThread* PickNext()
    {
        int processor = Instructions.ProcessorIndex();
        return _scheduler.NeedsAttention(processor) ? _scheduler.PickNext(processor, KernelClock.Now) : _scheduler.Current(processor);
    }

    internal static void Yield() => _scheduler.Yield(Instructions.ProcessorIndex(), KernelClock.Now);

    internal static long NextTimerDeadline(int processor) => _scheduler.NextTimerDeadline(processor);

    internal static void OnReschedule() => _scheduler.OnReschedule(Instructions.ProcessorIndex());

    /// <summary>The timer interrupt.</summary>
    internal static void OnTimer()
    {
        int processor = Instructions.ProcessorIndex();
        long now = KernelClock.Now;
        Watchdog.Check(processor, now);
        ExpireTimers(processor, now);
        _scheduler.OnTimer(processor, now);
    }

    internal static long ProcessorTime(KernelThread* thread) =>
        thread->ProcessorTime + (thread == Current ? KernelClock.Now - thread->RunningSince : 0);

    /// <summary>Nanoseconds that a thread has had a processor, as far as one can see from another one: it may run on meanwhile.</summary>
    internal static bool TryGetProcessorTime(int id, out long time)
    {
        _table.Acquire();
        KernelThread* thread = _table.Find(id);
        time = 0;
        if (thread != null)
        {
            time = thread->ProcessorTime;
            long since = thread->RunningSince, now = KernelClock.Now;
            if (Core.Memory.ProcessorMemory.LoadAcquire(ref thread->State) == (int)ThreadState.Running && now > since)
            {
                time += now - since;
            }
        }

        _table.Release();
        return thread != null;
    }

    /// <summary>Makes a thread look at its pending signals: wherever it is.</summary>
    internal static void Nudge(KernelThread* thread)
    {
        int state = Core.Memory.ProcessorMemory.LoadAcquire(ref thread->State);
        if (state == (int)ThreadState.Blocked)
        {
            CancelWait(thread, Errno.Interrupted);
        }
        else if (state == (int)ThreadState.Running)
        {
            _scheduler.RequestAttention(thread->Processor);
        }
    }

    /// <summary>tgkill; signal 0 only asks whether the thread is there.</summary>
    internal static bool SendSignal(int id, int signal)
    {
        // The table's lock keeps the block from being freed under our hands.
        _table.Acquire();
        KernelThread* thread = _table.Find(id);
        if (thread != null && signal != 0)
        {
            SignalDelivery.Send(thread, signal);
        }

        _table.Release();
        return thread != null;
    }

    internal static long SetAffinity(KernelThread* caller, int id, ulong affinity)
    {
        _table.Acquire();
        KernelThread* thread = id == 0 ? caller : _table.Find(id);
        if (thread != null)
        {
            _scheduler.SetAffinity(thread, affinity);
        }

        _table.Release();
        return thread == null ? Errno.NoSuchProcess : 0;
    }

    internal static bool TryGetAffinity(KernelThread* caller, int id, out ulong affinity)
    {
        _table.Acquire();
        KernelThread* thread = id == 0 ? caller : _table.Find(id);
        affinity = thread == null ? 0 : thread->Affinity & Machine.AllProcessors;
        _table.Release();
        return thread != null;
    }

    internal static long SetBand(KernelThread* caller, int id, int band)
    {
        _table.Acquire();
        KernelThread* thread = id == 0 ? caller : _table.Find(id);
        if (thread != null)
        {
            _scheduler.SetBand(thread, (Band)band);
        }

        _table.Release();
        return thread == null ? Errno.NoSuchProcess : 0;
    }

    internal static bool TryGetBand(KernelThread* caller, int id, out int band)
    {
        _table.Acquire();
        KernelThread* thread = id == 0 ? caller : _table.Find(id);
        band = thread == null ? 0 : thread->Band;
        _table.Release();
        return thread != null;
    }

    /// <summary>For a panic: whom a processor, which stands still, was running.</summary>
    internal static void Describe(int processor)
    {
        PerProcessor* block = ProcessorBlocks.Get(processor);
        var thread = (KernelThread*)block->Current;
        if (thread == null)
        {
            return;
        }

        if (thread == block->Idle)
        {
            KernelConsole.Write(", idle"u8);
            return;
        }

        KernelConsole.Write(", thread "u8);
        KernelConsole.WriteDecimal((ulong)thread->Id);
        KernelConsole.Write(" ("u8);
        KernelConsole.WriteTerminated(thread->Name, 16);
        KernelConsole.Write(")"u8);
        ActorNames.Describe(thread);
        if (processor == Instructions.ProcessorIndex())
        {
            KernelConsole.Write(", threads "u8);
            KernelConsole.WriteDecimal((ulong)Count);
        }
    }

    private static void SetStart(KernelThread* thread, ulong start, ulong stack)
    {
        const ulong InterruptsOn = 0x202;
        ThreadContext.Reset(thread);
        thread->Registers.Rip = start;
        thread->Registers.Rsp = stack;
        thread->Registers.Cs = 8;
        thread->Registers.Ss = 0x10;
        thread->Registers.Rflags = InterruptsOn;
    }

    private static void MadeReady(int id, int target)
    {
        PerProcessor* processor = Instructions.ProcessorBlock();
        var running = (KernelThread*)processor->Current;
        TraceRing.Write(processor, TraceKind.Wake, running == null ? 0 : running->Id, (ulong)id, (ulong)target);
    }

    private static void EnteringIdle(int processor)
    {
        long window = _scheduler.PollWindow(processor);
        Instructions.ProcessorBlock()->PollUntil = window == 0 ? 0 : Instructions.ReadTimeStampCounter() + KernelClock.ToCycles(window);
        KernelMemory.TlbShootdown->EnterIdle();
    }

    private static void LeavingIdle(int processor) => KernelMemory.TlbShootdown->EnterRunning();
}
