using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Waiting;

namespace Troupe.Smp.Tests.Machine;

/// <summary>
/// N processors in simulated time on one thread: a discrete-event simulation that drives the scheduler as the kernel's entry
/// code does. Deterministic: equal programs give equal histories.
/// </summary>
public sealed unsafe class Simulator : TestMachine
{
    private const long InterruptLatency = 1_000;
    private readonly Processor[] _processors;
    private readonly Dictionary<int, SimulatedThread> _byId = [];
    private long _now;

    public Simulator(int processors)
        : base(processors)
    {
        _processors = new Processor[processors];
        for (int index = 0; index < processors; index++)
        {
            _processors[index] = new Processor();
            TestProcessors.Enter(this, index);
            Leave(index);
        }
    }

    public override long Now => _now;

    public long TimerInterrupts { get; private set; }

    public List<SimulatedThread> All { get; } = [];

    public SimulatedThread Spawn(string name, Band band, IEnumerable<Operation> program, ulong affinity = ulong.MaxValue, int processor = 0)
    {
        KernelThread* block = NewThread();
        block->Band = (int)band;
        block->Affinity = affinity;
        block->Processor = processor;
        var thread = new SimulatedThread(name, block, program.GetEnumerator());
        All.Add(thread);
        _byId.Add(block->Id, thread);

        // As a system call on the given processor would.
        TestProcessors.Enter(this, processor);
        Charge(processor);
        Scheduler->MakeReady(block);
        Leave(processor);
        return thread;
    }

    /// <summary>Runs an action as a system call of processor 0 would.</summary>
    public void Do(Action action)
    {
        TestProcessors.Enter(this, 0);
        Charge(0);
        action();
        Leave(0);
    }

    public override void OnInterrupt(int sender, int target)
    {
        long arrival = _now + InterruptLatency;
        if (arrival < _processors[target].InterruptAt)
            _processors[target].InterruptAt = arrival;
    }

    public SimulatedThread? RunningOn(int processor) => ThreadOn(processor);

    public void Run(long nanoseconds) => RunUntil(() => false, nanoseconds);

    /// <summary>Runs until a condition holds or the time is over.</summary>
    /// <returns>The simulated time it took.</returns>
    public long RunUntil(Func<bool> condition, long limit)
    {
        long start = _now;
        long end = _now + limit;
        while (!condition())
        {
            int next = -1;
            long at = long.MaxValue;
            for (int index = 0; index < _processors.Length; index++)
            {
                long due = NextEvent(index);
                if (due < at)
                {
                    at = due;
                    next = index;
                }
            }

            if (at > end)
            {
                _now = end;
                break;
            }

            _now = Math.Max(_now, at);
            Enter(next);
            CheckConservation();
        }

        for (int index = 0; index < _processors.Length; index++)
            Charge(index);
        return _now - start;
    }

    /// <summary>Every thread is in exactly one place.</summary>
    public void CheckConservation()
    {
        int ready = 0;
        int running = 0;
        int queued = 0;
        foreach (SimulatedThread thread in All)
        {
            if (thread.Exited)
                continue;
            ThreadState state = (ThreadState)thread.Block->State;
            Assert.Equal(state == ThreadState.Ready, thread.Block->QueuedOn != 0);
            ready += state == ThreadState.Ready ? 1 : 0;
            running += state == ThreadState.Running ? 1 : 0;
            if (state == ThreadState.Running)
                Assert.True(Scheduler->Current(thread.Block->Processor) == thread.Block);
        }

        int current = 0;
        for (int index = 0; index < _processors.Length; index++)
        {
            queued += Scheduler->Processor(index)->Queue.Length;
            current += ThreadOn(index) != null ? 1 : 0;
        }

        Assert.Equal(ready, queued);
        Assert.Equal(running, current);
    }

    private SimulatedThread? ThreadOn(int processor)
    {
        KernelThread* current = Scheduler->Current(processor);
        return current == Scheduler->Processor(processor)->Idle ? null : _byId[current->Id];
    }

    private long NextEvent(int index)
    {
        Processor processor = _processors[index];
        long due = Math.Min(processor.InterruptAt, processor.TimerAt);
        SimulatedThread? thread = ThreadOn(index);
        return thread == null ? due : Math.Min(due, processor.ResumedAt + thread.Remaining);
    }

    /// <summary>One kernel entry of a processor: the order of calls that the kernel keeps.</summary>
    private void Enter(int index)
    {
        TestProcessors.Enter(this, index);
        Processor processor = _processors[index];
        SimulatedThread? thread = ThreadOn(index);
        Charge(index);
        if (processor.InterruptAt <= _now)
        {
            processor.InterruptAt = long.MaxValue;
            Scheduler->OnReschedule(index);
        }
        else if (processor.TimerAt <= _now)
        {
            TimerInterrupts++;
            processor.TimerAt = long.MaxValue;
            Futexes->Expire(index, _now);
            Scheduler->OnTimer(index, _now);
        }
        else if (thread != null && thread.Remaining <= 0)
        {
            Advance(index, thread);
        }

        Leave(index);
    }

    private void Leave(int index)
    {
        if (Scheduler->NeedsAttention(index))
            Scheduler->PickNext(index, _now);
        _processors[index].TimerAt = Scheduler->NextTimerDeadline(index);
        _processors[index].ResumedAt = _now;
        SimulatedThread? thread = ThreadOn(index);
        if (thread != null && thread.LastProcessor != index)
        {
            thread.LastProcessor = index;
            thread.ProcessorsSeen |= 1UL << index;
        }
    }

    /// <summary>Accounts simulated time independently of the code under test.</summary>
    private void Charge(int index)
    {
        SimulatedThread? thread = ThreadOn(index);
        long ran = _now - _processors[index].ResumedAt;
        _processors[index].ResumedAt = _now;
        if (thread == null)
            return;
        thread.Remaining -= ran;
        thread.RunTime += ran;
    }

    private void Advance(int index, SimulatedThread thread)
    {
        while (thread.Remaining <= 0)
        {
            if (!thread.Program.MoveNext())
            {
                thread.Exited = true;
                thread.ExitedAt = _now;
                _byId.Remove(thread.Block->Id);
                Scheduler->Exit(index, _now);
                return;
            }

            Operation operation = thread.Program.Current;
            WaitStatus status;
            switch (operation.Kind)
            {
                case OperationKind.Compute:
                    thread.Remaining = operation.Amount;
                    break;
                case OperationKind.Yield:
                    Scheduler->Yield(index, _now);
                    return;
                case OperationKind.Sleep:
                    status = Futexes->Sleep(index, _now + operation.Amount, _now);
                    if (status == WaitStatus.Done)
                        return;
                    break;
                case OperationKind.FutexWait:
                    long deadline = operation.Deadline == long.MaxValue ? long.MaxValue : _now + operation.Deadline;
                    status = Futexes->Wait(index, (ulong)operation.Amount, operation.Value, uint.MaxValue, deadline, _now);
                    if (status == WaitStatus.Done)
                        return;
                    break;
                default:
                    Futexes->Wake((ulong)operation.Amount, (int)operation.Value, uint.MaxValue);
                    break;
            }
        }
    }

    private sealed class Processor
    {
        public long InterruptAt { get; set; } = long.MaxValue;

        public long TimerAt { get; set; } = long.MaxValue;

        public long ResumedAt { get; set; }
    }
}
