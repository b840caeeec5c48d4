namespace Troupe.Actors.Tests;

/// <summary>A restart's steps have a quantum each, and none is left to a thread that was detached: in the low band it would take many times longer.</summary>
public sealed class RestartTurnTests : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _restarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActorSystem? _system;

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
            await _system.DisposeAsync();
    }

    [Fact]
    public async Task StepsThatTakeLongTogetherAreNotDetached()
    {
        // A turn of two quanta is detached for certain, one of less than a quantum never.
        TimeSpan quantum = TimeSpan.FromSeconds(1);
        TimeSpan step = quantum * 0.6;
        ActorRef<int> actor = Spawn(quantum, handle: () => Thread.Sleep(step), stopped: () => Thread.Sleep(step), started: () => Thread.Sleep(step), report: () => Thread.Sleep(step));
        actor.Tell(0);
        await _restarted.Task.WaitAsync(_patience);
        Assert.Equal(0, _system!.DetachmentCount);
    }

    [Fact]
    public async Task AStepThatTakesLongIsDetachedAndTheNextIsForWhoHasTheProcessor()
    {
        int stoppedOn = 0, startedOn = 0;
        ActorRef<int> actor = Spawn(
            TimeSpan.FromMilliseconds(2),
            stopped: () =>
            {
                stoppedOn = Environment.CurrentManagedThreadId;
                UntilDetached();
            },
            started: () => startedOn = Environment.CurrentManagedThreadId);
        actor.Tell(0);
        await _restarted.Task.WaitAsync(_patience);
        Assert.NotEqual(stoppedOn, startedOn);
    }

    /// <summary>Others have a turn each before an actor that is made ready again: a restart that changes threads does not go behind all of them.</summary>
    [Fact]
    public async Task AStepThatChangesThreadsComesBeforeWhatWaits()
    {
        int handled = 0, handledBefore = int.MaxValue;
        ActorRef<int>[] others = [];
        ActorRef<int> actor = Spawn(
            TimeSpan.FromMilliseconds(2),
            stopped: () =>
            {
                foreach (ActorRef<int> other in others)
                    other.Tell(0);
                UntilDetached();
            },
            started: () => handledBefore = Volatile.Read(ref handled));
        others = [.. Enumerable.Range(0, 100).Select(_ => _system!.Spawn(new Acting<int>((_, _) =>
        {
            // Far below a quantum, and together long enough that a step which waited for all of them is seen to have done so.
            Thread.Sleep(1);
            Interlocked.Increment(ref handled);
            return default;
        })))];
        actor.Tell(0);
        await _restarted.Task.WaitAsync(_patience);
        Assert.InRange(handledBefore, 0, 60);
    }

    /// <summary>An actor that fails with every message does not keep its processor from the others by it.</summary>
    [Fact]
    public async Task FailuresInARowDoNotAddUpToALongTurn()
    {
        const int Failures = 30;
        int failed = 0;
        TimeSpan quantum = TimeSpan.FromMilliseconds(20);
        ActorRef<int> actor = Spawn(quantum, handle: () => Thread.Sleep(quantum / 2), started: () => _restarted.TrySetResult(), report: () => Interlocked.Increment(ref failed));
        for (int message = 0; message < Failures; message++)
            actor.Tell(message);
        DateTime late = DateTime.UtcNow + _patience;
        while (Volatile.Read(ref failed) < Failures && DateTime.UtcNow < late)
            await Task.Delay(5);
        Assert.InRange(_system!.DetachmentCount, 1, Failures);
    }

    private ActorRef<int> Spawn(TimeSpan quantum, Action? handle = null, Action? stopped = null, Action? started = null, Action? report = null)
    {
        _system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1), Quantum = quantum, OnFailure = _ => report?.Invoke() });
        bool isFirst = true;
        return _system.Spawn(
            () =>
            {
                bool startsAgain = !isFirst;
                isFirst = false;
                return new Failing(handle, stopped, startsAgain ? Started : null);
            },
            new SpawnOptions { OnFailure = FailurePolicy.Restart, Mailbox = MailboxOptions.Unbounded });

        void Started()
        {
            started?.Invoke();
            _restarted.TrySetResult();
        }
    }

    private void UntilDetached()
    {
        DateTime late = DateTime.UtcNow + _patience;
        while (_system!.DetachmentCount == 0 && DateTime.UtcNow < late)
            Thread.SpinWait(100);
    }

    private sealed class Failing(Action? handle, Action? stopped, Action? started) : Actor<int>
    {
        protected override void Started() => started?.Invoke();

        protected override void Stopped() => stopped?.Invoke();

        protected override ValueTask ReceiveAsync(int message)
        {
            handle?.Invoke();
            throw new InvalidOperationException("on purpose");
        }
    }
}
