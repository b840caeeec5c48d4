using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

public sealed class TimerTests : SystemFixture
{
    private readonly ConcurrentQueue<string> _received = new();

    [Fact]
    public async Task AScheduledMessageComesWhenItIsDue()
    {
        await SpawnAndWait(self => self.It.Schedule("due", TimeSpan.FromSeconds(10)));
        Clock.Advance(TimeSpan.FromSeconds(9.999));
        Assert.Empty(_received);
        Clock.Advance(TimeSpan.FromSeconds(0.001));

        await Until(() => _received.Contains("due"));
    }

    [Fact]
    public async Task APeriodicMessageComesAgainAndAgain()
    {
        await SpawnAndWait(self => self.It.ScheduleEvery("tick", TimeSpan.FromSeconds(1)));
        for (int tick = 1; tick <= 5; tick++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            int expected = tick;
            await Until(() => _received.Count == expected);
            await Settle();
        }
    }

    [Fact]
    public async Task ACanceledTimerStaysSilent()
    {
        TimerHandle timer = default;
        ActorRef<string> actor = await SpawnAndWait(self => timer = self.It.Schedule("due", TimeSpan.FromSeconds(1)), _ => timer.Cancel());
        actor.Tell("cancel");
        await Until(() => _received.Contains("cancel"));
        Clock.Advance(TimeSpan.FromSeconds(2));
        await Settle();

        Assert.DoesNotContain("due", _received);
    }

    [Fact]
    public async Task ATimerCanceledAfterItExpiredStaysSilent()
    {
        TimerHandle timer = default;
        var gate = new TaskCompletionSource();
        ActorRef<string> actor = await SpawnAndWait(
            self => timer = self.It.Schedule("due", TimeSpan.FromSeconds(1)),
            async _ =>
            {
                await gate.Task;
                timer.Cancel();
            });
        actor.Tell("busy");
        await Until(() => _received.Contains("busy"));
        Clock.Advance(TimeSpan.FromSeconds(2));
        await Task.Delay(20);
        gate.SetResult();
        await Settle();

        Assert.DoesNotContain("due", _received);
    }

    [Fact]
    public async Task ARestartedTimerComesAtItsNewTimeOnly()
    {
        TimerHandle timer = default;
        ActorRef<string> actor = await SpawnAndWait(
            self =>
            {
                timer = self.It.CreateTimer("due");
                timer.Restart(TimeSpan.FromSeconds(1));
            },
            message =>
            {
                if (message == "later")
                    timer.Restart(TimeSpan.FromSeconds(5));
                else if (message == "sooner")
                    timer.Restart(TimeSpan.FromSeconds(1));
            });
        actor.Tell("later");
        await Until(() => _received.Contains("later"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Settle();
        Assert.DoesNotContain("due", _received);
        actor.Tell("sooner");
        await Until(() => _received.Contains("sooner"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Until(() => _received.Contains("due"));
        Clock.Advance(TimeSpan.FromSeconds(10));
        await Settle();

        Assert.Single(_received, "due");
    }

    [Fact]
    public async Task AFullMailboxDoesNotStopATimerAndASuspendedHandlerIsNotEntered()
    {
        var gate = new TaskCompletionSource();
        ActorRef<string> actor = System.Spawn(
            new Acting<string>(
                async (_, message) =>
                {
                    _received.Enqueue(message);
                    if (message == "busy")
                        await gate.Task;
                },
                self => self.It.Schedule("due", TimeSpan.FromSeconds(1))),
            mailbox: new MailboxOptions { Capacity = 1 });
        actor.Tell("busy");
        await Until(() => _received.Contains("busy"));
        actor.Tell("waiting");
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Task.Delay(50);
        // The handler is suspended: the timer's message has no need of room, but of its turn.
        Assert.Equal(["busy"], _received);
        gate.SetResult();
        await Until(() => _received.Count == 3);

        Assert.Equal(["busy", "due", "waiting"], _received);
    }

    [Fact]
    public async Task TimersEndWithTheirActor()
    {
        ActorRef<string> actor = await SpawnAndWait(self => self.It.ScheduleEvery("tick", TimeSpan.FromSeconds(1)));
        await actor.StopAsync().WaitAsync(Patience);
        Clock.Advance(TimeSpan.FromSeconds(5));
        await Task.Delay(20);

        Assert.Empty(_received);
        Assert.Equal(0, System.DeadLetterCount);
    }

    private ActorRef<string>? _actor;

    private async Task<ActorRef<string>> SpawnAndWait(Action<Acting<string>> started, Action<string>? onMessage = null) =>
        await SpawnAndWait(started, message =>
        {
            onMessage?.Invoke(message);
            return Task.CompletedTask;
        });

    private async Task<ActorRef<string>> SpawnAndWait(Action<Acting<string>> started, Func<string, Task> onMessage)
    {
        var ready = new TaskCompletionSource();
        _actor = System.Spawn(new Acting<string>(
            async (_, message) =>
            {
                if (message == "settle")
                    return;
                _received.Enqueue(message);
                if (message is not ("due" or "tick"))
                    await onMessage(message);
            },
            self =>
            {
                started(self);
                ready.SetResult();
            }));
        await ready.Task.WaitAsync(Patience);
        return _actor;
    }

    /// <summary>Until the actor has taken every turn that was due.</summary>
    private async Task Settle()
    {
        await Task.Delay(10);
        _actor!.Tell("settle");
        await Until(() => _actor.MailboxCount == 0);
        await Task.Delay(10);
    }
}
