using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

/// <summary>Children, paths, and who stops before whom.</summary>
public sealed class TreeTests : SystemFixture
{
    private const string Stop = "stop";

    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentDictionary<string, (TaskCompletionSource Done, Func<Acting<string>, string, ValueTask>? Receive)> _orders = new();

    [Fact]
    public async Task AParentStopsAfterItsChildrenAndTheyAfterTheirs()
    {
        ActorRef<string> top = System.Spawn(Node(), "top");
        await AskToSpawn(top, "middle");
        await AskToSpawn(System.Find<string>("/top/middle")!, "bottom");
        await top.StopAsync().WaitAsync(Patience);

        Assert.Equal(["bottom", "middle", "top"], _log);
        Assert.Equal(0, System.ActorCount);
    }

    [Fact]
    public async Task TerminatedOfAParentWaitsForAChildThatTakesLong()
    {
        var release = new TaskCompletionSource();
        (ActorRef<string> top, ActorRef<string> slow) = await ParentThatWaitsToStop(release.Task);
        await Task.Delay(20);
        Assert.False(top.Terminated.IsCompleted);
        release.SetResult();
        await top.Terminated.WaitAsync(Patience);

        Assert.True(slow.Terminated.IsCompleted);
        Assert.Equal(["slow", "top"], _log);
    }

    [Fact]
    public async Task DrainingAParentDrainsItsChildren()
    {
        int handled = 0;
        ActorRef<string> top = System.Spawn(Node(), "top");
        await AskToSpawn(top, "child", async (_, _) =>
        {
            await Task.Yield();
            handled++;
        });
        ActorRef<string> child = System.Find<string>("/top/child")!;
        for (int message = 0; message < 200; message++)
            child.Tell("work");
        await top.StopAsync(drain: true).WaitAsync(Patience);

        Assert.Equal(200, handled);
        Assert.Equal(0, System.DeadLetterCount);
    }

    [Fact]
    public async Task MessagesToAParentThatWaitsForItsChildrenAreDeadLetters()
    {
        var release = new TaskCompletionSource();
        (ActorRef<string> top, _) = await ParentThatWaitsToStop(release.Task);

        Assert.False(top.Terminated.IsCompleted);
        Assert.Equal("dead", Assert.Single(DeadLetters).Message);
        release.SetResult();
    }

    [Fact]
    public async Task APathFindsAChildAndItsNameAloneDoesNot()
    {
        ActorRef<string> top = System.Spawn(Node(), "devices");
        await AskToSpawn(top, "virtio-net");

        Assert.Equal("/devices/virtio-net", System.Find("/devices/virtio-net")!.Path);
        Assert.Equal("virtio-net", System.Find("devices/virtio-net")!.Name);
        Assert.Null(System.Find("virtio-net"));
    }

    [Fact]
    public async Task ANameIsUniqueAmongSiblingsAndFreeElsewhere()
    {
        ActorRef<string> first = System.Spawn(Node(), "first");
        ActorRef<string> second = System.Spawn(Node(), "second");
        await AskToSpawn(first, "child");
        await AskToSpawn(second, "child");
        ArgumentException clash = await Assert.ThrowsAsync<ArgumentException>(() => AskToSpawn(first, "child"));

        Assert.Contains("'child' already among the children of /first", clash.Message, StringComparison.Ordinal);
        await System.Find("/first/child")!.StopAsync().WaitAsync(Patience);
        await AskToSpawn(first, "child");
    }

    [Fact]
    public async Task AChildOfAnActorWithoutANameHasAPathOfItsOwn()
    {
        ActorRef<string> one = System.Spawn(Node());
        ActorRef<string> other = System.Spawn(Node());
        await AskToSpawn(one, "child");
        await AskToSpawn(other, "child");

        Assert.NotEqual(one.Path, other.Path);
        Assert.Equal(one.Path + "/child", System.Find<string>(one.Path + "/child")!.Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("$1")]
    public void WhatCannotBeAPartOfAPathIsNoName(string name) => Assert.Throws<ArgumentException>(() => System.Spawn(Node(), name));

    [Fact]
    public async Task AChildThatStoppedIsNoChildAnyMore()
    {
        ActorRef<Reply<string>> top = System.Spawn(new Acting<Reply<string>>(
            static (self, reply) =>
            {
                reply.Set(string.Join(' ', self.It.Children));
                return default;
            },
            self =>
            {
                foreach (string name in new[] { "a", "b", "c" })
                    self.It.Spawn(Node(), name);
            }), "top");
        Assert.Equal("a b c", await top.AskAsync<string>(static reply => reply));
        await System.Find("/top/b")!.StopAsync().WaitAsync(Patience);

        Assert.Equal("a c", await top.AskAsync<string>(static reply => reply));
    }

    [Fact]
    public async Task AnActorThatHasStoppedSpawnsNothing()
    {
        Exception? refused = null;
        ActorRef<int> actor = System.Spawn(new Acting<int>(
            static (_, _) => default,
            stopped: self => refused = Record.Exception(() => self.It.Spawn(Node()))));
        await actor.StopAsync().WaitAsync(Patience);

        Assert.IsType<InvalidOperationException>(refused);
        Assert.Equal(0, System.ActorCount);
    }

    [Fact]
    public async Task UnderFireNoChildOutlivesItsParent()
    {
        for (int round = 0; round < 100; round++)
        {
            var children = new ConcurrentQueue<ActorRef<int>>();
            ActorRef<int> top = System.Spawn(new Acting<int>((self, _) =>
            {
                children.Enqueue(self.It.Spawn(new Acting<int>(static (self, _) =>
                {
                    self.It.Stop();
                    return default;
                })));
                return default;
            }));
            for (int number = 0; number < 50; number++)
                top.Tell(number);
            Task stopping = Task.Run(() =>
            {
                foreach (ActorRef<int> child in children)
                    child.TryTell(1);
            });
            await top.StopAsync(drain: round % 2 == 0).WaitAsync(Patience);
            Assert.All(children, static child => Assert.True(child.Terminated.IsCompleted));
            await stopping.WaitAsync(Patience);
        }
    }

    private Acting<string> Node(Func<Acting<string>, string, ValueTask>? receive = null) =>
        new(receive ?? Obey, stopped: self => _log.Enqueue(self.It.Name ?? "?"));

    private ValueTask Obey(Acting<string> self, string name)
    {
        if (name == Stop)
        {
            self.It.Stop();
            return default;
        }

        (TaskCompletionSource done, Func<Acting<string>, string, ValueTask>? receive) = _orders[$"{self.It.Path} {name}"];
        try
        {
            self.It.Spawn(Node(receive), name);
            done.SetResult();
        }
        catch (ArgumentException exception)
        {
            done.SetException(exception);
        }

        return default;
    }

    /// <summary>A parent that is told to stop, and waits for a child whose handler waits for what is given.</summary>
    private async Task<(ActorRef<string> Parent, ActorRef<string> Child)> ParentThatWaitsToStop(Task release)
    {
        ActorRef<string> top = System.Spawn(Node(), "top");
        await AskToSpawn(top, "slow", async (_, _) => await release);
        ActorRef<string> slow = System.Find<string>("/top/slow")!;
        slow.Tell("begin");
        await Until(() => slow.MailboxCount == 0);
        top.Tell(Stop);
        top.Tell("dead");
        await Until(() => System.DeadLetterCount == 1);
        return (top, slow);
    }

    private Task AskToSpawn(ActorRef<string> parent, string name, Func<Acting<string>, string, ValueTask>? receive = null)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _orders[$"{parent.Path} {name}"] = (done, receive);
        parent.Tell(name);
        return done.Task.WaitAsync(Patience);
    }

    /// <summary>The walk to the top is a loop, so that a tree may be deeper than a stack.</summary>
    [Fact]
    public async Task APathMayHaveAnyNumberOfLevels()
    {
        const int Levels = 20_000;
        var deepest = new TaskCompletionSource<ActorRef>();
        System.Spawn(Level(1));
        ActorRef last = await deepest.Task.WaitAsync(Patience);
        Assert.Equal(Levels, last.Path.Count(static letter => letter == '/'));

        Acting<int> Level(int number) => new(static (_, _) => default, self =>
        {
            if (number == Levels)
                deepest.SetResult(self.It.Self);
            else
                self.It.Spawn(Level(number + 1));
        });
    }

    /// <summary>A handler that guards its recursion fails alone: without the guard the process would end.</summary>
    [Fact]
    public async Task ARecursionThatIsRefusedFailsTheActorAlone()
    {
        ActorRef<int> actor = System.Spawn(new Acting<int>((_, _) =>
        {
            Descend(0);
            return default;
        }));
        actor.Tell(0);
        await Until(() => Failures.Any(static failure => failure.Exception is InsufficientExecutionStackException));
        await actor.Terminated.WaitAsync(Patience);

        static int Descend(int depth)
        {
            global::System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
            return Descend(depth + 1) + 1;
        }
    }
}
