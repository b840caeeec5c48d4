using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

/// <summary>Putting messages aside, and becoming another handler.</summary>
public sealed class StashTests : SystemFixture
{
    private const int Open = -1;
    private const int Fail = -2;

    private readonly ConcurrentQueue<int> _handled = new();

    [Fact]
    public async Task UnstashedMessagesComeInOrderBeforeTheMailbox()
    {
        ActorRef<int> door = Door();
        await Closed(door, 1, 2, 3);
        // While the first of the stashed is handled again, more are in the mailbox.
        door.Tell(Open);
        door.Tell(4);
        await door.StopAsync().WaitAsync(Patience);

        Assert.Equal([1, 2, 3, 4], _handled);
    }

    [Fact]
    public async Task WhatIsStashedAgainKeepsItsPlace()
    {
        // All are put aside once, and the first of them once more while the others wait unstashed.
        int toStash = 4;
        ActorRef<int> actor = System.Spawn(new Acting<int>((self, number) =>
        {
            if (number == Open)
            {
                self.It.UnstashAll();
            }
            else if (toStash-- > 0)
            {
                self.It.Stash(number);
                if (toStash == 0)
                    self.It.UnstashAll();
            }
            else
            {
                _handled.Enqueue(number);
            }

            return default;
        }));
        foreach (int number in new[] { 1, 2, 3, Open })
            actor.Tell(number);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal([1, 2, 3], _handled);
    }

    [Fact]
    public async Task AStashHoldsAsManyAsTheMailboxMay()
    {
        ActorRef<int> door = Door(new SpawnOptions { Mailbox = new MailboxOptions { Capacity = 2 } });
        for (int number = 1; number <= 3; number++)
            await door.TellAsync(number);
        await door.Terminated.WaitAsync(Patience);

        Assert.Contains("full", Assert.IsType<InvalidOperationException>(Assert.Single(Failures).Exception).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARestartLosesNothingThatWasStashed()
    {
        ActorRef<int> door = Door(new SpawnOptions { OnFailure = FailurePolicy.Restart });
        await Closed(door, 1, 2);
        door.Tell(Fail);
        door.Tell(Open);
        await door.StopAsync().WaitAsync(Patience);

        Assert.Equal([1, 2], _handled);
    }

    [Fact]
    public async Task WhatIsStashedWhenTheActorStopsIsADeadLetter()
    {
        ActorRef<int> door = Door();
        await Closed(door, 1, 2);
        await door.StopAsync().WaitAsync(Patience);
        await Until(() => DeadLetters.Count == 2);

        Assert.Equal([1, 2], DeadLetters.Select(static letter => letter.Message));
    }

    [Fact]
    public async Task ABehaviourBecomesAnotherAndTurnsBack()
    {
        var log = new ConcurrentQueue<string>();
        ActorRef<int> actor = System.Spawn(new Acting<int>((self, number) =>
        {
            log.Enqueue($"first {number}");
            self.It.Become(next =>
            {
                log.Enqueue($"second {next}");
                self.It.Unbecome();
                return default;
            });
            return default;
        }, stopped: _ => log.Enqueue("stopped")));
        for (int number = 1; number <= 3; number++)
            actor.Tell(number);
        actor.Tell(4);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["first 1", "second 2", "first 3", "second 4", "stopped"], log);
    }

    [Fact]
    public async Task StashingAndBecomingAllocateNothingInTheSteadyState()
    {
        var opening = new Opening();
        // Pinned and not preempted: the count is of one thread. Unbounded: letting waiting senders in is not what is measured.
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1), Quantum = Timeout.InfiniteTimeSpan });
        ActorRef<int> actor = system.Spawn(opening, mailbox: MailboxOptions.Unbounded, processor: 0);
        for (int round = 0; round < 8_002; round++)
            actor.Tell(round);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(0, opening.Allocated);
    }

    /// <summary>A door that lets nobody through until it is opened.</summary>
    private ActorRef<int> Door(SpawnOptions? options = null) =>
        System.Spawn(
            () => new Acting<int>((self, number) =>
            {
                switch (number)
                {
                    case Open:
                        self.It.UnstashAll();
                        self.It.Become(opened =>
                        {
                            _handled.Enqueue(opened);
                            return default;
                        });
                        break;
                    case Fail:
                        throw new FormatException();
                    default:
                        self.It.Stash(number);
                        break;
                }

                return default;
            }),
            options ?? new SpawnOptions());

    private static async Task Closed(ActorRef<int> door, params int[] numbers)
    {
        foreach (int number in numbers)
            door.Tell(number);
        await Until(() => door.MailboxCount == 0);
    }

    /// <summary>Stashes two, lets them through, and turns back, over and over; counts what a thousand messages allocate, the least of a few after the first (see <see cref="Allocations"/>).</summary>
    private sealed class Opening : Actor<int>
    {
        private readonly Func<int, ValueTask> _opened;
        private long _before;
        private int _passing;

        internal Opening() => _opened = Pass;

        internal long Allocated { get; private set; } = long.MaxValue;

        protected override ValueTask ReceiveAsync(int message)
        {
            if (message % 1_000 == 0)
            {
                long now = GC.GetAllocatedBytesForCurrentThread();
                Allocated = message > 1_000 ? Math.Min(Allocated, now - _before) : Allocated;
                _before = now;
            }

            Context.Stash(message);
            if (message % 2 == 1)
            {
                _passing = 2;
                Context.UnstashAll();
                Context.Become(_opened);
            }

            return default;
        }

        private ValueTask Pass(int message)
        {
            if (--_passing == 0)
                Context.Unbecome();
            return default;
        }
    }
}
