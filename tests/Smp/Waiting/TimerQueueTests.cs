using Troupe.Core.Memory;
using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Waiting;
using Troupe.Smp.Tests.Machine;

namespace Troupe.Smp.Tests.Waiting;

public sealed unsafe class TimerQueueTests : IDisposable
{
    private readonly IdleMachine _machine = new(1);
    private readonly TimerQueue<ProcessorMemory, TestProcessors>* _timers;

    public TimerQueueTests()
    {
        _timers = (TimerQueue<ProcessorMemory, TestProcessors>*)_machine.Allocate(sizeof(TimerQueue<ProcessorMemory, TestProcessors>));
        _timers->Initialize();
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void AnEmptyQueueIsNeverDue()
    {
        Assert.Equal(long.MaxValue, _timers->NextDeadline);
        Assert.True(_timers->PeekExpired(long.MaxValue) == null);
    }

    [Fact]
    public void ADeadlineIsDueAtItsTimeAndNotBefore()
    {
        KernelThread* thread = _machine.NewThread();
        _timers->Insert(thread, 0, 100);
        Assert.Equal(100, _timers->NextDeadline);
        Assert.True(_timers->PeekExpired(99) == null);
        Assert.True(_timers->PeekExpired(100) == thread);
        Assert.Equal(0, thread->TimerProcessor);
        _timers->Remove(thread);
        Assert.Equal(-1, thread->TimerProcessor);
        Assert.Equal(long.MaxValue, _timers->NextDeadline);
    }

    [Fact]
    public void RandomInsertionsAndRemovalsAgreeWithASortedList()
    {
        var random = TestRandom.Create(out int seed);
        var model = new List<(long Deadline, nint Thread)>();
        var idle = new Stack<nint>();
        for (int index = 0; index < 200; index++)
            idle.Push((nint)_machine.NewThread());

        for (int step = 0; step < 20_000; step++)
        {
            int action = random.Next(10);
            if (action < 5 && idle.Count > 0)
            {
                nint thread = idle.Pop();
                long deadline = random.Next(1000);
                _timers->Insert((KernelThread*)thread, 0, deadline);
                model.Add((deadline, thread));
            }
            else if (action < 8 && model.Count > 0)
            {
                int victim = random.Next(model.Count);
                _timers->Remove((KernelThread*)model[victim].Thread);
                idle.Push(model[victim].Thread);
                model.RemoveAt(victim);
            }
            else if (model.Count > 0)
            {
                KernelThread* first = _timers->PeekExpired(long.MaxValue);
                Assert.True(first->Deadline == model.Min(entry => entry.Deadline), $"seed {seed}, step {step}");
                _timers->Remove(first);
                model.RemoveAll(entry => entry.Thread == (nint)first);
                idle.Push((nint)first);
            }

            long next = model.Count == 0 ? long.MaxValue : model.Min(entry => entry.Deadline);
            Assert.True(next == _timers->NextDeadline && model.Count == _timers->Count, $"seed {seed}, step {step}");
        }
    }

    /// <summary>What bounds every operation: a removal after many insertions may not have to visit all.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void NoWayDownToTheRightIsLongerThanTheLogarithm(int direction)
    {
        const int Count = 1000;
        var threads = new nint[Count];
        for (int index = 0; index < Count; index++)
        {
            threads[index] = (nint)_machine.NewThread();
            _timers->Insert((KernelThread*)threads[index], 0, 10_000 + (index * direction));
        }

        CheckRanks(threads);
        for (int index = 0; index < Count / 2; index++)
            _timers->Remove((KernelThread*)threads[index]);
        CheckRanks(threads.AsSpan(Count / 2));
    }

    private static void CheckRanks(ReadOnlySpan<nint> threads)
    {
        foreach (nint address in threads)
        {
            var thread = (KernelThread*)address;
            int steps = 0;
            for (KernelThread* at = thread; at != null; at = at->TimerRight)
                steps++;
            Assert.Equal(steps, thread->TimerRank);
            Assert.InRange(steps, 1, (int)Math.Log2(threads.Length + 1));
            Assert.True(thread->TimerParent == null || thread->TimerParent->Deadline <= thread->Deadline);
        }
    }
}
