using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

/// <summary>Being told of another actor's end.</summary>
public sealed class EndWatchTests : SystemFixture
{
    private readonly ConcurrentQueue<string> _log = new();

    [Fact]
    public async Task TheWatcherIsToldWhenTheOtherStops()
    {
        ActorRef<int> other = Other();
        ActorRef<string> watcher = Watcher(other);
        await HasHandled(watcher, "watch");
        Assert.Equal(["watch"], _log);
        other.Stop();
        await Until(() => _log.Count == 2);

        Assert.Equal(["watch", "ended"], _log);
    }

    [Fact]
    public async Task TheWatcherIsToldOfAnEndThatWasBefore()
    {
        ActorRef<int> other = Other();
        await other.StopAsync().WaitAsync(Patience);
        ActorRef<string> watcher = Watcher(other);
        await HasHandled(watcher, "watch");
        await Until(() => _log.Contains("ended"));
    }

    [Fact]
    public async Task AFullMailboxLosesNoEnd()
    {
        var release = new TaskCompletionSource();
        ActorRef<int> other = Other();
        ActorRef<string> watcher = Watcher(other, release.Task, new MailboxOptions { Capacity = 1 });
        await HasHandled(watcher, "watch");
        watcher.Tell("wait");
        await Until(() => watcher.MailboxCount == 0);
        Assert.True(watcher.TryTell("last"));
        Assert.False(watcher.TryTell("too much"));
        await other.StopAsync().WaitAsync(Patience);
        release.SetResult();
        await Until(() => _log.Contains("last"));

        Assert.Equal(["watch", "wait", "ended", "last"], _log);
    }

    [Fact]
    public async Task WhoDoesNotWatchAnyMoreIsNotTold()
    {
        ActorRef<int> other = Other();
        ActorRef<string> watcher = Watcher(other);
        await HasHandled(watcher, "watch");
        await HasHandled(watcher, "unwatch");
        await other.StopAsync().WaitAsync(Patience);
        await Task.Delay(20);
        await HasHandled(watcher, "later");

        Assert.DoesNotContain("ended", _log);
    }

    [Fact]
    public async Task AnEndUnderWayIsNotDeliveredAfterUnwatch()
    {
        var release = new TaskCompletionSource();
        ActorRef<int> other = Other();
        ActorRef<string> watcher = Watcher(other, release.Task);
        await HasHandled(watcher, "watch");
        watcher.Tell("wait and unwatch");
        await Until(() => watcher.MailboxCount == 0);
        await other.StopAsync().WaitAsync(Patience);
        await Task.Delay(20);
        release.SetResult();
        watcher.Tell("later");
        await Until(() => _log.Contains("later"));

        Assert.DoesNotContain("ended", _log);
    }

    [Fact]
    public async Task WatchingTwiceIsToBeToldOnce()
    {
        ActorRef<int> other = Other();
        ActorRef<string> watcher = Watcher(other);
        await HasHandled(watcher, "watch");
        watcher.Tell("watch");
        await Until(() => _log.Count == 2);
        await other.StopAsync().WaitAsync(Patience);
        await Until(() => _log.Count == 3);
        watcher.Tell("later");
        await Until(() => _log.Contains("later"));

        Assert.Equal(["watch", "watch", "ended", "later"], _log);
    }

    [Fact]
    public async Task UnderFireEveryEndIsToldOnce()
    {
        const int Rounds = 300;
        int ended = 0;
        ActorRef<ActorRef<int>?> watcher = System.Spawn(new Acting<ActorRef<int>?>((self, other) =>
        {
            if (other is null)
                ended++;
            else
                self.It.Watch(other, null);
            return default;
        }));
        for (int round = 0; round < Rounds; round++)
        {
            ActorRef<int> other = Other();
            Task stopping = Task.Run(other.Stop);
            await watcher.TellAsync(other);
            await stopping;
        }

        await Until(() => ended == Rounds);
        await watcher.StopAsync().WaitAsync(Patience);
        Assert.Equal(Rounds, ended);
    }

    private ActorRef<int> Other() => System.Spawn(new Acting<int>(static (_, _) => default));

    private ActorRef<string> Watcher(ActorRef other, Task? release = null, MailboxOptions? mailbox = null) =>
        System.Spawn(new Acting<string>(async (self, message) =>
        {
            if (message == "watch")
                self.It.Watch(other, "ended");
            if (message.Contains("wait", StringComparison.Ordinal))
                await release!;
            if (message.Contains("unwatch", StringComparison.Ordinal))
                self.It.Unwatch(other);
            _log.Enqueue(message);
        }), mailbox: mailbox);

    private async Task HasHandled(ActorRef<string> watcher, string message)
    {
        watcher.Tell(message);
        await Until(() => _log.Contains(message));
    }
}
