namespace Troupe.Actors.TestKit.Tests;

public sealed class DeterministicHostTests
{
    [Fact]
    public void TheSameSeedReplaysTheSameOrder()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            (ulong Fingerprint, string Order) first = Race(seed);
            Assert.Equal(first, Race(seed));
        }
    }

    [Fact]
    public void DifferentSeedsGiveDifferentOrders()
    {
        var orders = Enumerable.Range(0, 40).Select(seed => Race(seed).Order).ToHashSet();
        Assert.True(orders.Count > 30, $"{orders.Count} orders of 40 seeds.");
    }

    [Fact]
    public void EveryOrderOfThreeActorsComesUp()
    {
        var orders = new HashSet<string>();
        TestSystem.RunSeeds(async test =>
        {
            string order = "";
            foreach (string name in (string[])["a", "b", "c"])
                test.System.Spawn(new Acting<int>((_, _) => Note(name)), name).Tell(1);
            await test.WhenIdle();
            orders.Add(order);

            ValueTask Note(string name)
            {
                order += name;
                return default;
            }
        });
        Assert.Equal(6, orders.Count);
    }

    [Fact]
    public void MessagesOfOneSenderArriveInTheirOrder() => TestSystem.RunSeeds(async test =>
    {
        TestProbe<int> probe = test.CreateProbe<int>();
        for (int number = 0; number < 10; number++)
            probe.Ref.Tell(number);
        for (int number = 0; number < 10; number++)
            await probe.ExpectEqualAsync(number);
    });

    [Fact]
    public void AHandlerWaitsInVirtualTime() => TestSystem.Run(async test =>
    {
        TimeSpan woken = default;
        ActorRef<Question> sleeper = test.System.Spawn(new Acting<Question>(async (it, question) =>
        {
            await Task.Delay(TimeSpan.FromDays(1), it.It.Time);
            woken = test.Time.Elapsed;
            question.Answer.Set(question.Number);
        }));
        Assert.Equal(7, await sleeper.AskAsync<int>(static reply => new Question(7, reply), TimeSpan.FromDays(2)));
        Assert.Equal(TimeSpan.FromDays(1), woken);
    });

    [Fact]
    public void TimersOfActorsFireInVirtualTime() => TestSystem.Run(async test =>
    {
        List<TimeSpan> ticks = [];
        ActorRef<string> ticking = test.System.Spawn(new Acting<string>((it, message) =>
        {
            if (message == "begin")
                it.It.ScheduleEvery("tick", TimeSpan.FromMinutes(1));
            else
                ticks.Add(test.Time.Elapsed);
            return default;
        }));
        ticking.Tell("begin");
        await test.AdvanceAsync(TimeSpan.FromMinutes(3.5));
        Assert.Equal([TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3)], ticks);
    });

    [Fact]
    public void TimersDueAtOneInstantFireInAnyOrder()
    {
        var orders = new HashSet<string>();
        TestSystem.RunSeeds(async test =>
        {
            string order = "";
            Task Wait(string name) => Task.Delay(TimeSpan.FromSeconds(1), test.Time).ContinueWith(_ => order += name, TaskScheduler.FromCurrentSynchronizationContext());
            await Task.WhenAll(Wait("a"), Wait("b"));
            orders.Add(order);
        });
        Assert.Equal(["ab", "ba"], orders.Order());
    }

    [Fact]
    public void TimersAreLateWhenTimeJumps() => TestSystem.Run(async test =>
    {
        TimeSpan fired = default;
        using ITimer timer = test.Time.CreateTimer(_ => fired = test.Time.Elapsed, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        test.Time.Jump(TimeSpan.FromSeconds(5));
        await test.WhenIdle();
        Assert.Equal(TimeSpan.FromSeconds(5), fired);
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Time.Jump(TimeSpan.FromTicks(-1)));
    });

    [Fact]
    public void ASystemsMailboxesHoldNoMoreThanItSays() => TestSystem.Run(
        async test =>
        {
            ActorRef<int> small = test.System.Spawn(new Acting<int>((_, _) => default));
            ActorRef<int> unbounded = test.System.Spawn(new Acting<int>((_, _) => default), new SpawnOptions { Mailbox = MailboxOptions.Unbounded });
            Assert.True(small.TryTell(1));
            Assert.False(small.TryTell(2));
            Assert.True(unbounded.TryTell(1));
            Assert.True(unbounded.TryTell(2));
            await test.WhenIdle();
        },
        new TestOptions { Configure = static options => options with { MaximumMailboxCapacity = 1 } });

    [Fact]
    public void ACanceledTimerDoesNotFire() => TestSystem.Run(async test =>
    {
        int fired = 0;
        using ITimer timer = test.Time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        await test.AdvanceAsync(TimeSpan.FromSeconds(2.5));
        Assert.Equal(2, fired);
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await test.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(2, fired);
    });

    [Fact]
    public void WhatCannotComeIsADeadlockAndSaysWhoWaits()
    {
        ScenarioFailedException failure = Assert.Throws<ScenarioFailedException>(() => TestSystem.Run(async test =>
        {
            var never = new TaskCompletionSource();
            ActorRef<int> stuck = test.System.Spawn(new Acting<int>(async (_, _) => await never.Task), "stuck");
            ActorRef<Question> asked = test.System.Spawn(new Acting<Question>((_, _) => default), "silent");
            ActorRef<int> asker = test.System.Spawn(new Acting<int>(async (_, _) => await asked.AskAsync<int>(static reply => new Question(1, reply), Timeout.InfiniteTimeSpan)), "asker");
            stuck.Tell(1);
            asker.Tell(1);
            asker.Tell(2);
            await new TaskCompletionSource().Task;
        }));
        var noProgress = Assert.IsType<NoProgressException>(failure.InnerException);
        Assert.Equal(["/stuck", "/asker"], noProgress.Waiting.Select(actor => actor.Path));
        Assert.Equal(["/silent"], noProgress.Waiting[1].Asked);
        Assert.Equal(1, noProgress.Waiting[1].MailboxCount);
        Assert.Contains("/asker handles a Int32 and waits for an answer of /silent", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhoWaitsForRoomInAMailboxIsNamed()
    {
        ScenarioFailedException failure = Assert.Throws<ScenarioFailedException>(() => TestSystem.Run(async test =>
        {
            ActorRef<int> blocked = test.System.Spawn(new Acting<int>(async (_, _) => await new TaskCompletionSource().Task), "blocked", new MailboxOptions { Capacity = 1 });
            ActorRef<int> sender = test.System.Spawn(new Acting<int>(async (_, _) =>
            {
                for (int number = 0; number < 3; number++)
                    await blocked.TellAsync(number);
            }), "sender");
            sender.Tell(1);
            await new TaskCompletionSource().Task;
        }));
        var noProgress = Assert.IsType<NoProgressException>(failure.InnerException);
        Assert.Equal("/blocked", noProgress.Waiting.Single(actor => actor.Path == "/sender").AwaitsRoomOf);
    }

    [Fact]
    public void WhatGoesRoundInCirclesIsGivenUp()
    {
        ScenarioFailedException failure = Assert.Throws<ScenarioFailedException>(() => TestSystem.Run(
            async test =>
            {
                test.System.Spawn(new Acting<int>((it, number) =>
                {
                    it.It.Self.Tell(number);
                    return default;
                })).Tell(1);
                await new TaskCompletionSource().Task;
            },
            new TestOptions { MaximumSteps = 10_000 }));
        Assert.Contains("within 10,000 steps", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherThreadIsRefused()
    {
        ScenarioFailedException failure = Assert.Throws<ScenarioFailedException>(() => TestSystem.Run(async test =>
        {
            ActorRef<int> told = test.System.Spawn(new Acting<int>((_, _) => default), "told");
            await test.WhenIdle();
            Thread other = new(() => told.Tell(1));
            other.Start();
            other.Join();
            await test.WhenIdle();
        }));
        Assert.Contains("/told was resumed by another thread", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PinnedActorsRun() => TestSystem.Run(
        async test =>
        {
            ActorRef<Question> pinned = test.System.Spawn(new Acting<Question>((_, question) =>
            {
                question.Answer.Set(question.Number);
                return default;
            }), processor: 3);
            Assert.Equal(5, await pinned.AskAsync<int>(static reply => new Question(5, reply)));
        },
        new TestOptions { ProcessorCount = 4 });

    [Fact]
    public void EndsOfActorsCanBeAwaitedTogether() => TestSystem.RunSeeds(async test =>
    {
        ActorRef<int>[] actors = [.. Enumerable.Range(0, 3).Select(_ => test.System.Spawn(new Acting<int>((_, _) => default)))];
        foreach (ActorRef<int> actor in actors)
            actor.Stop();
        await Task.WhenAll(actors.Select(actor => actor.Terminated));
    });

    /// <summary>Three actors that each take a few turns, with timers and asks between them.</summary>
    private static (ulong Fingerprint, string Order) Race(int seed)
    {
        ulong fingerprint = 0;
        string order = "";
        TestSystem.Run(
            async test =>
            {
                TestProbe<string> probe = test.CreateProbe<string>("probe");
                foreach (string name in (string[])["a", "b", "c"])
                {
                    ActorRef<int> racer = test.System.Spawn(new Acting<int>(async (it, number) =>
                    {
                        await probe.Ref.TellAsync($"{name}{number}");
                        await Task.Delay(TimeSpan.FromMilliseconds(number % 2), it.It.Time);
                        probe.Ref.Tell($"{name}{number}'");
                    }), name);
                    for (int number = 0; number < 4; number++)
                        racer.Tell(number);
                }

                for (int count = 0; count < 24; count++)
                    order += await probe.ExpectAsync();
                fingerprint = test.Host.Fingerprint;
            },
            new TestOptions { Seed = seed });
        return (fingerprint, order);
    }
}
