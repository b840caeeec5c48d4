using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Waiting;
using Troupe.Smp.Tests.Machine;

namespace Troupe.Smp.Tests.Waiting;

/// <summary>
/// Real processors (threads of the test process) pass tokens through futex words while bands, affinities, signals and deadlines
/// change under them, and threads exit and are replaced. A token that nobody consumes is a lost wake-up.
/// </summary>
public sealed unsafe class StressTests
{
    private const int Processors = 3;
    private const int Members = 24;
    private const int Tokens = 8;
    private const int Hops = 1_000;
    private readonly Member[] _members = new Member[Members];
    private readonly ThreadedMachine _machine;
    private readonly int _seed;
    private int _consumed;
    private int _interrupted;
    private int _timedOut;
    private int _replaced;

    public StressTests()
    {
        _ = TestRandom.Create(out _seed);
        _machine = new ThreadedMachine(Processors, Step);
        for (int index = 0; index < Members; index++)
            _members[index] = new Member(index, (uint*)_machine.Allocate(64), new Random(_seed + index));
    }

    [Fact]
    public void TokensAreNeitherLostNorDoubledAndThreadsAreInOnePlaceAtATime()
    {
        foreach (Member member in _members)
            Start(member);
        for (int token = 0; token < Tokens; token++)
            Give(_members[token], Hops);

        bool finished = _machine.Run(() => Volatile.Read(ref _consumed) == Tokens, TimeSpan.FromSeconds(20));
        string report = $"seed {_seed}: {_consumed} of {Tokens} tokens arrived; {_timedOut} timeouts, {_interrupted} signals, {_replaced} exits; "
            + string.Join("; ", _members.Select(member => member.ToString()));
        Assert.True(finished, report);
        Assert.True(_timedOut > 0 && _interrupted > 0 && _replaced > 0, report);
        CheckConservation();
        _machine.Dispose();
    }

    private void Start(Member member)
    {
        KernelThread* thread = _machine.NewThread();
        member.Thread = (nint)thread;
        member.Running = 0;
        thread->Registers.Rbx = (ulong)member.Index;
        thread->Registers.Rax = 0;
        _machine.Scheduler->MakeReady(thread);
    }

    /// <summary>A turn of a thread: the word is how many hops the tokens here have left, one token after the other.</summary>
    private void Step(int processor, nint pointer)
    {
        var thread = (KernelThread*)pointer;
        Member member = _members[(int)thread->Registers.Rbx];
        Assert.Equal(0, Interlocked.Exchange(ref member.Running, 1));
        long result = (long)thread->Registers.Rax;
        thread->Registers.Rax = 0;
        if (result == WaitResult.TimedOut)
            Interlocked.Increment(ref _timedOut);
        else if (result == WaitResult.Interrupted)
            Interlocked.Increment(ref _interrupted);
        thread->PendingSignals = 0;
        Random random = member.Random;

        if (Interlocked.CompareExchange(ref *(int*)member.Word, 0, 0) == 0)
        {
            // The word is read again under the bucket's lock: a token given meanwhile refuses the wait.
            long deadline = random.Next(4) == 0 ? _machine.Now + random.Next(200_000) : long.MaxValue;
            Volatile.Write(ref member.Running, 0);
            _ = _machine.Futexes->Wait(processor, (ulong)member.Word, 0, uint.MaxValue, deadline, _machine.Now);
            return;
        }

        Interlocked.Decrement(ref *(int*)member.Word);
        int hops;
        lock (member.Tokens)
            hops = member.Tokens.Dequeue();
        if (hops == 0)
            Interlocked.Increment(ref _consumed);
        else
            Give(_members[random.Next(Members)], hops - 1);

        Disturb(_members[random.Next(Members)], random);
        Volatile.Write(ref member.Running, 0);
        switch (random.Next(16))
        {
            case 0:
                Interlocked.Increment(ref _replaced);
                _machine.Scheduler->Exit(processor, _machine.Now);
                Start(member);
                break;
            case 1:
                _ = _machine.Futexes->Sleep(processor, _machine.Now + random.Next(100_000), _machine.Now);
                break;
            case 2 or 3 or 4:
                _machine.Scheduler->Yield(processor, _machine.Now);
                break;
        }
    }

    private void Give(Member member, int hops)
    {
        lock (member.Tokens)
            member.Tokens.Enqueue(hops);
        Interlocked.Increment(ref *(int*)member.Word);
        _machine.Futexes->Wake((ulong)member.Word, 1, uint.MaxValue);
    }

    private void Disturb(Member other, Random random)
    {
        // As the kernel does it: under the table's lock no block changes hands.
        _machine.Threads->Acquire();
        var thread = (KernelThread*)Volatile.Read(ref other.Thread);
        if (thread->State is not ((int)ThreadState.Free or (int)ThreadState.Exited))
        {
            switch (random.Next(6))
            {
                case 0:
                    _machine.Scheduler->SetBand(thread, (Band)random.Next(3));
                    break;
                case 1:
                    _machine.Scheduler->SetAffinity(thread, (ulong)random.Next(1, 1 << Processors));
                    break;
                case 2:
                    Interlocked.Or(ref thread->PendingSignals, 1);
                    _machine.Futexes->CancelWait(thread, WaitResult.Interrupted);
                    break;
            }
        }

        _machine.Threads->Release();
    }

    private void CheckConservation()
    {
        int ready = 0;
        int running = 0;
        for (int slot = 1; slot < _machine.Threads->Slots; slot++)
        {
            KernelThread* thread = _machine.Threads->At(slot);
            if (thread == null)
                continue;
            Assert.Equal(thread->State == (int)ThreadState.Ready, thread->QueuedOn != 0);
            ready += thread->State == (int)ThreadState.Ready ? 1 : 0;
            running += thread->State == (int)ThreadState.Running ? 1 : 0;
        }

        int queued = 0;
        int current = 0;
        for (int processor = 0; processor < Processors; processor++)
        {
            queued += _machine.Scheduler->Processor(processor)->Queue.Length;
            KernelThread* on = _machine.Scheduler->Current(processor);
            current += on != null && on != _machine.Scheduler->Processor(processor)->Idle ? 1 : 0;
        }

        Assert.Equal(ready, queued);
        Assert.Equal(running, current);
    }

    private sealed class Member(int index, uint* word, Random random)
    {
        public int Running;
        public nint Thread;

        public int Index { get; } = index;

        public uint* Word { get; } = word;

        public Random Random { get; } = random;

        public Queue<int> Tokens { get; } = new();

        public override string ToString()
        {
            var thread = (KernelThread*)Thread;
            return $"{Index}: word {*Word}, {(ThreadState)thread->State} on {thread->Processor}, futex {thread->FutexAddress:x}, timer {thread->TimerProcessor}, queue {thread->QueuedOn}, affinity {thread->Affinity:x}";
        }
    }
}
