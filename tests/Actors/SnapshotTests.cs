namespace Troupe.Actors.Tests;

/// <summary>The tree of a living system, and what is counted of each actor.</summary>
public sealed class SnapshotTests : SystemFixture
{
    [Fact]
    public async Task It_shows_the_tree_in_the_order_of_spawning()
    {
        ActorRef<string> devices = System.Spawn(new Acting<string>((self, name) =>
        {
            self.It.Spawn(new Acting<int>((_, _) => default), name);
            return default;
        }), "devices");
        System.Spawn(new Acting<int>((_, _) => default), "clock");
        devices.Tell("disk");
        devices.Tell("console");
        await Until(() => System.ActorCount == 4);

        SystemSnapshot snapshot = System.Snapshot();

        Assert.Equal(["devices", "clock"], snapshot.Actors.Select(actor => actor.Name));
        Assert.Equal(["disk", "console"], snapshot.Actors[0].Children.Select(actor => actor.Name));
        Assert.Equal(["devices", "disk", "console", "clock"], snapshot.All().Select(actor => actor.Name));
        Assert.Equal(4, snapshot.ActorCount);
        string[] lines = snapshot.ToString().Split('\n');
        Assert.StartsWith("ACTOR", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("├ devices", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("│ ├ disk", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("│ └ console", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("└ clock", lines[4], StringComparison.Ordinal);
        Assert.Contains("Acting`1", lines[4], StringComparison.Ordinal);
        Assert.Contains("0/1024", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_many_children_it_prints_the_first_and_the_number_of_the_others()
    {
        for (int index = 0; index < 5; index++)
            System.Spawn(new Acting<int>((_, _) => default));

        string[] lines = System.Snapshot().ToString(maximumChildren: 3).Split('\n');

        Assert.StartsWith("├ (unnamed, of Int32)", lines[3], StringComparison.Ordinal);
        Assert.Equal("└ ... and 2 more", lines[4]);
    }

    [Fact]
    public async Task Messages_and_bytes_are_counted_exactly()
    {
        ActorRef<Sized> actor = System.Spawn(new Acting<Sized>((_, _) => default));
        for (int index = 0; index < 100; index++)
            actor.Tell(new Sized(1, 2, 3));
        await Until(() => Of(actor) is { Handled: 100, State: ActorState.Idle });

        Assert.Equal(100, Of(actor).Accepted);
        Assert.Equal(100 * 24, Of(actor).Bytes);
    }

    [Fact]
    public async Task What_a_message_says_it_owns_is_counted_too()
    {
        ActorRef<Owning> actor = System.Spawn(new Acting<Owning>((_, _) => default));
        actor.Tell(new Owning(1_000));
        actor.Tell(new Owning(500));
        await Until(() => Of(actor).Handled == 2);

        Assert.Equal((2 * 8) + 1_500, Of(actor).Bytes);
    }

    [Fact]
    public async Task Timers_and_ends_of_watched_actors_count_as_messages()
    {
        ActorRef<int> watched = System.Spawn(new Acting<int>((_, _) => default));
        ActorRef<int> actor = System.Spawn(new Acting<int>((_, _) => default, started: self =>
        {
            self.It.Schedule(1, TimeSpan.FromSeconds(1));
            self.It.Watch(watched, 2);
        }));
        await Until(() => Of(actor).State == ActorState.Idle);
        Clock.Advance(TimeSpan.FromSeconds(1));
        watched.Stop();

        await Until(() => Of(actor).Handled == 2);
        Assert.Equal(0, Of(actor).Accepted);
    }

    [Fact]
    public async Task Messages_thrown_away_are_not_handled_ones()
    {
        using var gate = new ManualResetEventSlim();
        ActorRef<int> actor = System.Spawn(
            new Acting<int>((_, _) =>
            {
                gate.Wait();
                return default;
            }),
            mailbox: new MailboxOptions { Capacity = 2, OverflowPolicy = OverflowPolicy.DropOldest });
        actor.Tell(0);
        await Until(() => actor.MailboxCount == 0);
        for (int index = 1; index <= 10; index++)
            actor.Tell(index);
        gate.Set();

        await Until(() => Of(actor) is { Handled: 3, State: ActorState.Idle });
        Assert.Equal(8, Of(actor).Dropped);
        Assert.Equal(11, Of(actor).Accepted);
    }

    [Fact]
    public async Task It_tells_what_an_actor_is_doing()
    {
        var released = new TaskCompletionSource();
        using var gate = new ManualResetEventSlim();
        ActorRef<int> suspended = System.Spawn(new Acting<int>(async (_, _) => await released.Task));
        ActorRef<int> running = System.Spawn(new Acting<int>((_, _) =>
        {
            gate.Wait();
            return default;
        }));
        Assert.True(Of(running).State is ActorState.Starting or ActorState.Ready or ActorState.Running or ActorState.Idle);
        suspended.Tell(1);
        running.Tell(1);

        await Until(() => Of(suspended).State == ActorState.Suspended);
        // First on its worker, then, since it blocks for longer than its quantum, on a detached thread.
        await Until(() => Of(running).IsDetached);
        Assert.Equal(1, System.Snapshot().DetachedThreads);
        released.SetResult();
        gate.Set();
        await Until(() => Of(suspended).State == ActorState.Idle && Of(running).State == ActorState.Idle);
    }

    [Fact]
    public async Task Restarts_are_counted()
    {
        ActorRef<int> actor = System.Spawn(
            () => new Acting<int>((_, _) => throw new FormatException()),
            new SpawnOptions { OnFailure = FailurePolicy.Restart });
        actor.Tell(1);
        actor.Tell(2);

        await Until(() => Of(actor).Restarts == 2);
        Assert.Equal(2, System.RestartCount);
    }

    [Fact]
    public async Task A_failed_child_that_waits_for_its_supervisor_is_shown_so()
    {
        using var gate = new ManualResetEventSlim();
        System.Spawn(
            () => new Acting<int>((_, _) => default, started: self => self.It.Spawn(new Acting<int>((_, _) => throw new FormatException()), "child").Tell(1)),
            new SpawnOptions
            {
                Name = "parent",
                Supervision = new SupervisionStrategy
                {
                    Decide = _ =>
                    {
                        gate.Wait();
                        return FailurePolicy.Stop;
                    },
                },
            });

        await Until(() => System.Snapshot().All().Any(actor => actor is { Name: "child", State: ActorState.Failed }));
        gate.Set();
        await Until(() => System.ActorCount == 1);
    }

    [Fact]
    public async Task Under_load_from_several_threads_every_actor_that_lives_throughout_is_there_once()
    {
        using var stop = new CancellationTokenSource();
        ActorRef<int>[] lasting = [.. Enumerable.Range(0, 50).Select(index => System.Spawn(new Acting<int>((self, _) =>
        {
            self.It.Spawn(new Acting<int>((_, _) => default, started: child => child.It.Stop()));
            return default;
        }), $"lasting{index}"))];
        Task load = Task.Run(async () =>
        {
            for (int next = 0; !stop.IsCancellationRequested; next++)
                await lasting[next % lasting.Length].TellAsync(next);
        });

        Task[] looking = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (int look = 0; look < 100; look++)
            {
                SystemSnapshot snapshot = System.Snapshot();
                Assert.Equal(50, snapshot.Actors.Count);
                Assert.Equal(snapshot.All().Count(), snapshot.All().Select(actor => actor.Reference).Distinct().Count());
                Assert.All(snapshot.All(), actor => Assert.True(actor.Handled <= actor.Accepted));
                Assert.NotEmpty(snapshot.ToString());
            }
        }))];
        await Task.WhenAll(looking).WaitAsync(Patience);
        stop.Cancel();
        await load.WaitAsync(Patience);
    }

    [Fact]
    public async Task It_can_be_taken_inside_a_turn()
    {
        var seen = new TaskCompletionSource<SystemSnapshot>();
        ActorRef<int> actor = System.Spawn(new Acting<int>((self, _) =>
        {
            seen.SetResult(self.It.System.Snapshot());
            return default;
        }), "actor");
        actor.Tell(1);

        SystemSnapshot snapshot = await seen.Task.WaitAsync(Patience);
        Assert.True(snapshot.Actors.Single().State is ActorState.Running or ActorState.Detached);
    }

    private ActorSnapshot Of(ActorRef actor) => System.Snapshot().All().Single(snapshot => ReferenceEquals(snapshot.Reference, actor));

    private readonly record struct Sized(long First, long Second, long Third);

    private readonly record struct Owning(long Bytes) : IMeasured
    {
        public long OwnedBytes => Bytes;
    }
}
