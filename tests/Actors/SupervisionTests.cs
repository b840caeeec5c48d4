using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

/// <summary>What a supervisor does about the failures of its children.</summary>
public sealed class SupervisionTests : SystemFixture
{
    private const int Fails = -1;

    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentDictionary<string, int> _instances = new();

    [Fact]
    public async Task OneForOneRestartsTheChildThatFailed()
    {
        await Family(Restarting());
        Child("b").Tell(Fails);
        Child("b").Tell(1);
        await UntilHandled("b", 1);

        Assert.Equal("a1 b2 c1", Instances());
    }

    [Fact]
    public async Task AllForOneRestartsAllChildren()
    {
        await Family(Restarting() with { Scope = SupervisionScope.AllForOne });
        Child("b").Tell(Fails);
        await Until(() => Instances() == "a2 b2 c2");
    }

    [Fact]
    public async Task RestForOneRestartsThoseSpawnedLater()
    {
        await Family(Restarting() with { Scope = SupervisionScope.RestForOne });
        Child("b").Tell(Fails);
        await Until(() => Instances() == "a1 b2 c2");
        Child("a").Tell(7);
        await UntilHandled("a", 7);

        Assert.Equal("a1 b2 c2", Instances());
    }

    [Fact]
    public async Task TheMessageThatFailedIsReportedWithWhatIsDoneAboutIt()
    {
        await Family(Restarting());
        Child("b").Tell(Fails);
        await Until(() => !Failures.IsEmpty);

        ActorFailure failure = Assert.Single(Failures);
        Assert.Equal(Fails, failure.Message);
        Assert.Equal("/top/b", failure.Path);
        Assert.Equal(FailurePolicy.Restart, failure.Policy);
    }

    [Fact]
    public async Task AMessageThatFailedAfterAnAwaitIsReportedToo()
    {
        ActorRef<int> actor = System.Spawn(new Acting<int>(static async (_, _) =>
        {
            await Task.Yield();
            throw new FormatException();
        }));
        actor.Tell(41);
        await actor.Terminated.WaitAsync(Patience);

        Assert.Equal(41, Assert.Single(Failures).Message);
    }

    [Theory]
    [InlineData(SupervisionScope.OneForOne)]
    [InlineData(SupervisionScope.AllForOne)]
    public async Task AFailureTakesNoWaitingMessage(SupervisionScope scope)
    {
        await Family(Restarting() with { Scope = scope, MaximumRestarts = 100 });
        for (int number = 1; number <= 100; number++)
        {
            Child("a").Tell(number);
            Child("b").Tell(number % 10 == 0 ? Fails : number);
        }

        await UntilHandled("a", 100);
        await UntilHandled("b", 99);
        await Until(() => Failures.Count == 10);
        Assert.Equal(Enumerable.Range(1, 100), Handled("a"));
        Assert.Equal(Enumerable.Range(1, 100).Where(static number => number % 10 != 0), Handled("b"));
        Assert.Equal(0, System.DeadLetterCount);
    }

    [Fact]
    public async Task AResumedChildKeepsItsInstance()
    {
        await Family(new SupervisionStrategy { Decide = static _ => FailurePolicy.Resume });
        Child("b").Tell(Fails);
        Child("b").Tell(3);
        await UntilHandled("b", 3);

        Assert.Equal("a1 b1 c1", Instances());
        Assert.Equal(FailurePolicy.Resume, Assert.Single(Failures).Policy);
    }

    [Fact]
    public async Task AStoppedChildLeavesItsSiblingsAlone()
    {
        await Family(new SupervisionStrategy { Decide = static failure => failure.Exception is FormatException ? FailurePolicy.Stop : FailurePolicy.Resume });
        ActorRef<int> child = Child("b");
        child.Tell(Fails);
        await child.Terminated.WaitAsync(Patience);
        Child("a").Tell(3);
        await UntilHandled("a", 3);

        Assert.Null(System.Find("/top/b"));
    }

    [Fact]
    public async Task WithoutADecisionOfTheSupervisorTheChildsOwnPolicyHolds()
    {
        await Family(new SupervisionStrategy(), own: FailurePolicy.Resume);
        Child("b").Tell(Fails);
        Child("b").Tell(3);
        await UntilHandled("b", 3);

        Assert.Equal("a1 b1 c1", Instances());
    }

    [Fact]
    public async Task AnEscalatedFailureIsOneOfTheSupervisor()
    {
        ActorRef<int> top = await Family(new SupervisionStrategy { Decide = static _ => FailurePolicy.Escalate });
        Child("b").Tell(Fails);
        await top.Terminated.WaitAsync(Patience);

        Assert.Equal(["/top/b Escalate", "/top Stop"], Failures.Select(static failure => $"{failure.Path} {failure.Policy}"));
        Assert.Equal(0, System.ActorCount);
    }

    [Fact]
    public async Task AChildWhoseFailureWasEscalatedGetsWhatItsSupervisorGets()
    {
        await Family(new SupervisionStrategy { Decide = static _ => FailurePolicy.Escalate }, topPolicy: FailurePolicy.Resume);
        Child("b").Tell(Fails);
        Child("b").Tell(3);
        await UntilHandled("b", 3);

        Assert.Equal("a1 b1 c1", Instances());
    }

    [Fact]
    public async Task AChildsOwnPolicyCanBeToEscalate()
    {
        ActorRef<int> top = await Family(strategy: null, own: FailurePolicy.Escalate);
        Child("b").Tell(Fails);
        await top.Terminated.WaitAsync(Patience);

        Assert.Equal(["/top/b Escalate", "/top Stop"], Failures.Select(static failure => $"{failure.Path} {failure.Policy}"));
    }

    [Fact]
    public async Task ARestartedParentStopsItsChildrenAndTheNewInstanceSpawnsItsOwn()
    {
        ActorRef<int> top = await Family(new SupervisionStrategy(), topPolicy: FailurePolicy.Restart);
        ActorRef<int> before = Child("b");
        top.Tell(Fails);
        await before.Terminated.WaitAsync(Patience);
        await Until(() => Instances() == "a2 b2 c2");

        Assert.NotSame(before, Child("b"));
        Assert.Equal(4, System.ActorCount);
    }

    [Fact]
    public async Task ARestartedParentMayKeepItsChildren()
    {
        ActorRef<int> top = await Family(new SupervisionStrategy { KeepsChildren = true }, topPolicy: FailurePolicy.Restart);
        ActorRef<int> before = Child("b");
        top.Tell(Fails);
        await Until(() => Failures.Count == 1);
        top.Tell(5);
        await UntilHandled("top", 5);

        Assert.Same(before, Child("b"));
        Assert.Equal("a1 b1 c1", Instances());
    }

    [Fact]
    public async Task OneRestartTooManyWithinTheWindowEscalates()
    {
        ActorRef<int> top = await Family(Restarting() with { MaximumRestarts = 2 });
        for (int failure = 0; failure < 3; failure++)
            Child("b").Tell(Fails);
        await top.Terminated.WaitAsync(Patience);

        Assert.Equal(["Restart", "Restart", "Escalate", "Stop"], Failures.Select(static failure => $"{failure.Policy}"));
    }

    [Fact]
    public async Task OneRestartTooManyMayStopTheChildOnly()
    {
        await Family(Restarting() with { MaximumRestarts = 2, WhenExceeded = FailurePolicy.Stop });
        ActorRef<int> child = Child("b");
        for (int failure = 0; failure < 3; failure++)
            child.Tell(Fails);
        await child.Terminated.WaitAsync(Patience);
        Child("a").Tell(3);
        await UntilHandled("a", 3);
    }

    [Fact]
    public async Task RestartsOutsideTheWindowDoNotCount()
    {
        await Family(Restarting() with { MaximumRestarts = 2, Window = TimeSpan.FromSeconds(5) });
        for (int failure = 1; failure <= 6; failure++)
        {
            Child("b").Tell(Fails);
            await Until(() => Instances() == $"a1 b{failure + 1} c1");
            Clock.Advance(TimeSpan.FromSeconds(3));
        }

        Assert.All(Failures, static failure => Assert.Equal(FailurePolicy.Restart, failure.Policy));
    }

    [Fact]
    public async Task TheBackOffDoublesUpToItsMaximumAndBeginsAnewAfterARest()
    {
        var backoff = new RestartBackoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)) { Jitter = 0, ResetAfter = TimeSpan.FromSeconds(100) };
        await Family(Restarting() with { MaximumRestarts = 100, Backoff = backoff });
        int instance = 1;
        foreach (int seconds in new[] { 1, 2, 4, 4 })
            await FailAndExpect(seconds);
        Clock.Advance(TimeSpan.FromSeconds(101));
        await FailAndExpect(1);

        async Task FailAndExpect(int seconds)
        {
            int failures = Failures.Count;
            Child("b").Tell(Fails);
            await Until(() => Failures.Count == failures + 1 && _log.Count(static entry => entry == "b stopped") == instance);
            // A question to the child would wait; its own old instance has stopped, and the clock is armed in the same turn.
            await Task.Delay(20);
            Clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            await Task.Delay(20);
            Assert.Equal($"a1 b{instance} c1", Instances());
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            instance++;
            await Until(() => Instances() == $"a1 b{instance} c1");
        }
    }

    [Theory]
    [InlineData(0.0, 800)]
    [InlineData(0.5, 1000)]
    [InlineData(0.75, 1100)]
    public async Task ChanceSpreadsTheBackOff(double chance, int milliseconds)
    {
        var backoff = new RestartBackoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)) { Jitter = 0.2, Randomness = () => chance };
        await Family(Restarting() with { Backoff = backoff });
        Child("b").Tell(Fails);
        await Until(() => _log.Contains("b stopped"));
        await Task.Delay(20);
        Clock.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
        await Task.Delay(20);
        Assert.Equal("a1 b1 c1", Instances());
        Clock.Advance(TimeSpan.FromMilliseconds(2));
        await Until(() => Instances() == "a1 b2 c1");
    }

    [Fact]
    public async Task AStopDoesNotWaitForTheBackOff()
    {
        ActorRef<int> top = await Family(Restarting() with { Backoff = new RestartBackoff(TimeSpan.FromHours(1), TimeSpan.FromHours(1)) });
        Child("b").Tell(Fails);
        await Until(() => !Failures.IsEmpty);
        Child("b").Tell(5);
        await top.StopAsync(drain: true).WaitAsync(Patience);

        Assert.Equal([5], Handled("b"));
    }

    [Fact]
    public async Task ADecisionThatThrowsIsToStop()
    {
        await Family(new SupervisionStrategy { Decide = static _ => throw new NotSupportedException() });
        ActorRef<int> child = Child("b");
        child.Tell(Fails);
        await child.Terminated.WaitAsync(Patience);

        Assert.Equal(["/top NotSupportedException", "/top/b FormatException"], Failures.Select(static failure => $"{failure.Path} {failure.Exception.GetType().Name}"));
    }

    [Fact]
    public async Task AFailureInStartedIsForTheSupervisorToLimit()
    {
        ActorRef<int> top = System.Spawn(
            () => new Acting<int>(static (_, _) => default, static self => self.It.Spawn(
                static () => new Acting<int>(static (_, _) => default, static _ => throw new FormatException()),
                new SpawnOptions { Name = "never" })),
            new SpawnOptions { Name = "top", Supervision = Restarting() with { MaximumRestarts = 2 } });
        await top.Terminated.WaitAsync(Patience);

        Assert.Equal(["Restart", "Restart", "Escalate", "Stop"], Failures.Select(static failure => $"{failure.Policy}"));
    }

    [Fact]
    public async Task ARestartWaitsForASuspendedHandler()
    {
        var release = new TaskCompletionSource();
        await Family(Restarting() with { Scope = SupervisionScope.AllForOne }, async number =>
        {
            if (number == 8)
                await release.Task;
        });
        Child("a").Tell(8);
        await Until(() => Child("a").MailboxCount == 0);
        Child("b").Tell(Fails);
        await Until(() => Instances() == "a1 b2 c2");
        release.SetResult();
        await Until(() => Instances() == "a2 b2 c2");

        Assert.Equal([8], Handled("a"));
    }

    private static SupervisionStrategy Restarting() => new() { Decide = static _ => FailurePolicy.Restart };

    private async Task<ActorRef<int>> Family(
        SupervisionStrategy? strategy,
        Func<int, ValueTask>? work = null,
        FailurePolicy own = FailurePolicy.Stop,
        FailurePolicy topPolicy = FailurePolicy.Stop)
    {
        work ??= static _ => default;
        ActorRef<int> top = System.Spawn(
            () => new Acting<int>(
                (_, number) => Handle("top", number, work),
                self =>
                {
                    if (strategy is { KeepsChildren: true } && self.It.Children.Count > 0)
                        return;
                    foreach (string name in new[] { "a", "b", "c" })
                    {
                        self.It.Spawn(
                            () => new Acting<int>(
                                (_, number) => Handle(name, number, work),
                                _ => _instances.AddOrUpdate(name, 1, static (_, count) => count + 1),
                                _ => _log.Enqueue($"{name} stopped")),
                            new SpawnOptions { Name = name, OnFailure = own });
                    }
                }),
            new SpawnOptions { Name = "top", Supervision = strategy, OnFailure = topPolicy });
        await Until(() => _instances.Count == 3);
        return top;
    }

    private async ValueTask Handle(string name, int number, Func<int, ValueTask> work)
    {
        if (number == Fails)
            throw new FormatException();
        await work(number);
        _log.Enqueue($"{name} {number}");
    }

    private ActorRef<int> Child(string name) => System.Find<int>($"/top/{name}")!;

    private IEnumerable<int> Handled(string name) =>
        _log.Where(entry => entry.StartsWith(name + " ", StringComparison.Ordinal) && !entry.EndsWith("stopped", StringComparison.Ordinal))
            .Select(entry => int.Parse(entry[(name.Length + 1)..], global::System.Globalization.CultureInfo.InvariantCulture));

    private Task UntilHandled(string name, int number) => Until(() => Handled(name).Contains(number));

    private string Instances() => string.Join(' ', _instances.OrderBy(static pair => pair.Key).Select(static pair => pair.Key + pair.Value));
}
