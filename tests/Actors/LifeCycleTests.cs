using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

public sealed class LifeCycleTests : SystemFixture
{
    [Fact]
    public async Task StartedComesFirstAndStoppedLast()
    {
        var log = new ConcurrentQueue<string>();
        ActorRef<int> actor = System.Spawn(new Acting<int>(
            (_, number) =>
            {
                log.Enqueue($"{number}");
                return default;
            },
            _ => log.Enqueue("started"),
            _ => log.Enqueue("stopped")));
        actor.Tell(1);
        actor.Tell(2);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["started", "1", "2", "stopped"], log);
    }

    [Fact]
    public async Task DrainingHandlesWhatIsInTheMailbox()
    {
        int handled = 0;
        ActorRef<int> actor = System.Spawn(new Acting<int>(async (_, _) =>
        {
            await Task.Yield();
            handled++;
        }));
        for (int number = 0; number < 500; number++)
            actor.Tell(number);
        await actor.StopAsync(drain: true).WaitAsync(Patience);

        Assert.Equal(500, handled);
        Assert.Equal(0, System.DeadLetterCount);
        Assert.True(actor.Terminated.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task StoppingLeavesTheMailboxToTheDeadLetters()
    {
        var gate = new TaskCompletionSource();
        int handled = 0;
        ActorRef<int> actor = System.Spawn(new Acting<int>(async (_, _) =>
        {
            handled++;
            await gate.Task;
        }));
        for (int number = 0; number < 100; number++)
            actor.Tell(number);
        await Until(() => actor.MailboxCount == 99);
        Task stopped = actor.StopAsync(drain: false);
        gate.SetResult();
        await stopped.WaitAsync(Patience);

        Assert.Equal(1, handled);
        await Until(() => System.DeadLetterCount == 99);
    }

    [Fact]
    public async Task AnActorStopsItself()
    {
        int handled = 0;
        ActorRef<int> actor = System.Spawn(new Acting<int>((self, _) =>
        {
            handled++;
            self.It.Stop();
            return default;
        }));
        actor.TryTell(1);
        actor.TryTell(2);
        await actor.Terminated.WaitAsync(Patience);

        Assert.Equal(1, handled);
    }

    [Fact]
    public async Task UnderFireEveryMessageIsHandledOrADeadLetter()
    {
        for (int round = 0; round < 50; round++)
        {
            long before = System.DeadLetterCount;
            int handled = 0;
            ActorRef<int> actor = System.Spawn(new Acting<int>((_, _) =>
            {
                handled++;
                return default;
            }));
            int sent = 0;
            Task sending = Task.Run(async () =>
            {
                for (int number = 0; number < 1000; number++)
                {
                    await actor.TellAsync(number);
                    sent++;
                }
            });
            await actor.StopAsync(drain: round % 2 == 0).WaitAsync(Patience);
            await sending.WaitAsync(Patience);
            await Until(() => handled + System.DeadLetterCount - before == sent);
        }
    }

    [Fact]
    public async Task ANameFindsItsActorWhileItLives()
    {
        ActorRef<int> actor = System.Spawn(new Acting<int>(static (_, _) => default), "named");
        Assert.Same(actor, System.Find<int>("named"));
        Assert.Null(System.Find<string>("named"));
        Assert.Throws<ArgumentException>(() => System.Spawn(new Acting<int>(static (_, _) => default), "named"));
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Null(System.Find<int>("named"));
        System.Spawn(new Acting<int>(static (_, _) => default), "named");
    }

    [Fact]
    public async Task AFailingHandlerIsReportedAndItsActorStops()
    {
        ActorRef<int> actor = System.Spawn(new Acting<int>(static (_, number) => throw new FormatException($"{number}")), "fails");
        actor.Tell(5);
        await actor.Terminated.WaitAsync(Patience);

        ActorFailure failure = Assert.Single(Failures);
        Assert.Equal("fails", failure.ActorName);
        Assert.Equal("5", Assert.IsType<FormatException>(failure.Exception).Message);
        Assert.Equal(typeof(int), failure.MessageType);
        Assert.Equal(1, System.FailureCount);
    }

    [Fact]
    public async Task AFailureAfterAnAwaitIsReportedToo()
    {
        ActorRef<int> actor = System.Spawn(new Acting<int>(static async (_, _) =>
        {
            await Task.Yield();
            throw new FormatException();
        }));
        actor.Tell(5);
        await actor.Terminated.WaitAsync(Patience);

        Assert.IsType<FormatException>(Assert.Single(Failures).Exception);
    }

    [Fact]
    public async Task AResumedActorGoesOnWithItsState()
    {
        int handled = 0;
        ActorRef<int> actor = System.Spawn(
            new Acting<int>((_, number) =>
            {
                handled++;
                return number % 2 == 0 ? throw new FormatException() : default;
            }),
            new SpawnOptions { OnFailure = FailurePolicy.Resume });
        for (int number = 0; number < 10; number++)
            actor.Tell(number);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(10, handled);
        Assert.Equal(5, Failures.Count);
    }

    [Fact]
    public async Task ARestartedActorGoesOnWithAFreshInstance()
    {
        var instances = new ConcurrentQueue<object>();
        var handledBy = new ConcurrentQueue<(object Instance, int Number)>();
        ActorRef<int> actor = System.Spawn(
            () => new Acting<int>(
                (self, number) =>
                {
                    handledBy.Enqueue((self, number));
                    return number == 1 ? throw new FormatException() : default;
                },
                instances.Enqueue),
            new SpawnOptions { OnFailure = FailurePolicy.Restart });
        for (int number = 0; number < 4; number++)
            actor.Tell(number);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(2, instances.Count);
        Assert.Equal([0, 1, 2, 3], handledBy.Select(static handled => handled.Number));
        Assert.Equal(2, handledBy.Select(static handled => handled.Instance).Distinct().Count());
    }

    [Fact]
    public void RestartWithoutAFactoryIsRefused() =>
        Assert.Throws<ArgumentException>(() =>
            System.Spawn(new Acting<int>(static (_, _) => default), new SpawnOptions { OnFailure = FailurePolicy.Restart }));

    [Fact]
    public async Task AFailureInStartedStopsTheActor()
    {
        ActorRef<int> actor = System.Spawn(new Acting<int>(static (_, _) => default, static _ => throw new FormatException()));
        await actor.Terminated.WaitAsync(Patience);

        Assert.IsType<FormatException>(Assert.Single(Failures).Exception);
    }

    [Fact]
    public async Task DisposingNamesTheActorsThatDoNotStop()
    {
        var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1), ShutdownTimeout = TimeSpan.FromMilliseconds(50) });
        ActorRef<int> stuck = system.Spawn(new Acting<int>(static (_, _) => new ValueTask(Task.Delay(Timeout.Infinite))), "stuck");
        stuck.Tell(1);
        await Until(() => stuck.MailboxCount == 0);

        TimeoutException timeout = await Assert.ThrowsAsync<TimeoutException>(async () => await system.DisposeAsync());
        Assert.Contains("stuck", timeout.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADisposedSystemSpawnsNothing()
    {
        var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1) });
        await system.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => system.Spawn(new Acting<int>(static (_, _) => default)));
    }
}
