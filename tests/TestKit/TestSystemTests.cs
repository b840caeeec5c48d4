namespace Troupe.Actors.TestKit.Tests;

public sealed class TestSystemTests
{
    [Fact]
    public void AnExpectedFailureIsTaken() => TestSystem.RunSeeds(async test =>
    {
        Failing(test).Tell(1);
        ActorFailure failure = await test.ExpectFailureAsync(static failure => failure.Exception is InvalidOperationException);
        Assert.Equal("/failing", failure.Path);
    });

    [Fact]
    public void AFailureThatNobodyExpectsFailsTheScenario()
    {
        ScenarioFailedException failure = Assert.Throws<ScenarioFailedException>(() => TestSystem.Run(async test =>
        {
            Failing(test).Tell(1);
            await test.WhenIdle();
        }));
        Assert.Contains("/failing failed", failure.Message, StringComparison.Ordinal);
        TestSystem.Run(
            async test =>
            {
                Failing(test).Tell(1);
                await test.WhenIdle();
            },
            new TestOptions { IgnoresFailures = true });
    }

    [Fact]
    public void ADeadLetterIsExpected() => TestSystem.RunSeeds(async test =>
    {
        ActorRef<int> gone = test.System.Spawn(new Acting<int>((_, _) => default), "gone");
        gone.Stop();
        await test.ExpectTerminatedAsync(gone);
        await test.ExpectNoDeadLetterAsync();
        gone.Tell(7);
        DeadLetter letter = await test.ExpectDeadLetterAsync();
        Assert.Equal(7, letter.Message);
    });

    [Fact]
    public void AnActorThatDoesNotStopIsAFailure() => TestSystem.Run(async test =>
    {
        ActorRef<int> actor = test.System.Spawn(new Acting<int>((_, _) => default), "living");
        ExpectationException failure = await Assert.ThrowsAsync<ExpectationException>(() => test.ExpectTerminatedAsync(actor));
        Assert.Contains("/living did not stop", failure.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void TheSeedThatFailsIsNamedAndFailsAgain()
    {
        ScenarioFailedException failure = Assert.Throws<ScenarioFailedException>(() => TestSystem.RunSeeds(LostUpdate));
        Assert.Contains($"Seed {failure.Seed}", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"TROUPE_SEED={failure.Seed}", failure.Message, StringComparison.Ordinal);
        ScenarioFailedException again = Assert.Throws<ScenarioFailedException>(() => TestSystem.Run(LostUpdate, new TestOptions { Seed = failure.Seed }));
        Assert.Equal(failure.Message, again.Message);
    }

    [Fact]
    public void ChanceOfTheScenarioFollowsFromTheSeed()
    {
        int Draw(int seed)
        {
            int drawn = 0;
            TestSystem.Run(
                test =>
                {
                    drawn = test.Random.Next();
                    return Task.CompletedTask;
                },
                new TestOptions { Seed = seed });
            return drawn;
        }

        Assert.Equal(Draw(1), Draw(1));
        Assert.NotEqual(Draw(1), Draw(2));
    }

    [Fact]
    public void SupervisionRunsInVirtualTime() => TestSystem.RunSeeds(async test =>
    {
        TestProbe<string> probe = test.CreateProbe<string>();
        ActorRef<int> parent = test.System.Spawn(() => new Parent(probe.Ref), new SpawnOptions
        {
            Supervision = new SupervisionStrategy
            {
                Decide = static _ => FailurePolicy.Restart,
                Backoff = new RestartBackoff(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)) { Jitter = 0 },
            },
        });
        parent.Tell(0);
        await probe.ExpectEqualAsync("started");
        await test.ExpectFailureAsync();
        await probe.ExpectNoMessageAsync(TimeSpan.FromSeconds(59));
        await probe.ExpectEqualAsync("started");
    });

    /// <summary>Two actors read, wait, and write: right only if one is done before the other begins.</summary>
    private static async Task LostUpdate(TestSystem test)
    {
        int value = 0;
        Acting<int> Adder() => new(async (it, _) =>
        {
            int seen = value;
            await Task.Delay(TimeSpan.FromMilliseconds(1), test.Time);
            value = seen + 1;
        });
        ActorRef<int> first = test.System.Spawn(Adder());
        ActorRef<int> second = test.System.Spawn(Adder());
        first.Tell(1);
        await Task.Delay(TimeSpan.FromMilliseconds(1), test.Time);
        second.Tell(1);
        await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, value);
    }

    private static ActorRef<int> Failing(TestSystem test) =>
        test.System.Spawn(new Acting<int>((_, _) => throw new InvalidOperationException("planted")), "failing");

    private sealed class Parent(ActorRef<string> probe) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int message)
        {
            Context.Spawn(() => new Child(probe), new SpawnOptions { Name = "child" }).Tell(1);
            return default;
        }
    }

    private sealed class Child(ActorRef<string> probe) : Actor<int>
    {
        protected override void Started() => probe.Tell("started");

        protected override ValueTask ReceiveAsync(int message) => throw new InvalidOperationException("planted");
    }
}
