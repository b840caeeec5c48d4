using System.Diagnostics;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Tests.Machine;

/// <summary>
/// Every processor is a thread of the test process. An idle processor wakes for its timer and for interrupts only,
/// so a wake-up that is lost hangs the machine, and the test says so.
/// </summary>
public sealed unsafe class ThreadedMachine : TestMachine
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly int[] _interrupts;
    private readonly Action<int, nint> _step;
    private int _stop;
    private volatile Exception? _failure;

    /// <param name="processors">How many.</param>
    /// <param name="step">One step of a thread on a processor: it may make the calls of a system call.</param>
    public ThreadedMachine(int processors, Action<int, nint> step)
        : base(processors)
    {
        _interrupts = new int[processors];
        _step = step;
    }

    public override long Now => (long)Stopwatch.GetElapsedTime(_start).TotalNanoseconds;

    public override void OnInterrupt(int sender, int target) => Interlocked.Exchange(ref _interrupts[target], 1);

    /// <summary>Runs until the condition holds.</summary>
    /// <returns>Whether it came to hold within the limit.</returns>
    public bool Run(Func<bool> done, TimeSpan limit)
    {
        var processors = new Thread[ProcessorCount];
        for (int index = 0; index < processors.Length; index++)
        {
            int processor = index;
            processors[index] = new Thread(() => Loop(processor)) { IsBackground = true };
            processors[index].Start();
        }

        bool reached = SpinWait.SpinUntil(() => _failure != null || done(), limit);
        Volatile.Write(ref _stop, 1);
        foreach (Thread processor in processors)
            Assert.True(processor.Join(TimeSpan.FromSeconds(5)), "a processor hangs in the kernel");
        if (_failure != null)
            throw new InvalidOperationException("a processor failed", _failure);
        TestProcessors.Enter(this, 0);
        return reached;
    }

    private void Loop(int processor)
    {
        try
        {
            TestProcessors.Enter(this, processor);
            while (Volatile.Read(ref _stop) == 0)
            {
                Interrupts(processor);
                if (Scheduler->NeedsAttention(processor))
                    Scheduler->PickNext(processor, Now);
                KernelThread* current = Scheduler->Current(processor);
                if (current == Scheduler->Processor(processor)->Idle)
                    Thread.Yield();
                else
                    _step(processor, (nint)current);
            }
        }
        catch (Exception failure)
        {
            _failure = failure;
        }
    }

    private void Interrupts(int processor)
    {
        if (Volatile.Read(ref _interrupts[processor]) != 0 && Interlocked.Exchange(ref _interrupts[processor], 0) != 0)
            Scheduler->OnReschedule(processor);
        long now = Now;
        if (Scheduler->NextTimerDeadline(processor) <= now)
        {
            Futexes->Expire(processor, now);
            Scheduler->OnTimer(processor, now);
        }
    }
}
