using Troupe.Actors.TestKit;

namespace Troupe.Actors.Tests;

/// <summary>Handlers that wait for each other's answers end at their deadline, and the exception says who waited for whom.</summary>
public sealed class AskCycleTests
{
    [Fact]
    public void AnActorThatAsksItselfIsNamed() => TestSystem.RunSeeds(async test =>
    {
        ActorRef<Request> self = test.System.Spawn(new Acting<Request>(async (it, request) => request.Answer.Set(await it.It.Self.AskAsync<int>(Request.Of))), "self");
        self.Tell(default);
        AskTimeoutException timeout = await Timeout(test);
        Assert.Equal(["/self"], timeout.Cycle);
        Assert.Contains("/self asked itself and waited", timeout.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void ACycleOfTwoIsNamed() => TestSystem.RunSeeds(async test =>
    {
        ActorRef<Request>[] ring = Ring(test, 2);
        ring[0].Tell(default);
        AskTimeoutException timeout = await Timeout(test);
        Assert.Equal(["/0", "/1"], timeout.Cycle.Order());
        string first = timeout.Cycle[0];
        Assert.Contains($"{first} waits for {timeout.Cycle[1]} waits for {first}", timeout.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void ACycleOfFiveIsNamedInItsOrder() => TestSystem.RunSeeds(async test =>
    {
        ActorRef<Request>[] ring = Ring(test, 5);
        ring[3].Tell(default);
        IReadOnlyList<string> cycle = (await Timeout(test)).Cycle;
        // All are due at one instant; it begins with the one whose deadline came first.
        int first = int.Parse(cycle[0].AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(Enumerable.Range(0, 5).Select(step => $"/{(first + step) % 5}"), cycle);
    });

    [Fact]
    public void ACycleIsSeenBehindAnotherAskThatWasAnswered() => TestSystem.RunSeeds(async test =>
    {
        ActorRef<Request> quick = test.System.Spawn(new Acting<Request>((_, request) =>
        {
            request.Answer.Set(1);
            return default;
        }), "quick");
        ActorRef<Request>? second = null;
        ActorRef<Request> first = test.System.Spawn(new Acting<Request>(async (_, _) =>
        {
            ValueTask<int> slow = second!.AskAsync<int>(Request.Of);
            for (int count = 0; count < 3; count++)
                await quick.AskAsync<int>(Request.Of);
            await slow;
        }), "first");
        second = test.System.Spawn(new Acting<Request>(async (_, _) => await first.AskAsync<int>(Request.Of)), "second");
        first.Tell(default);
        Assert.Equal(["/first", "/second"], (await Timeout(test)).Cycle.Order());
    });

    [Fact]
    public void WaitingForRoomIsPartOfACycle() => TestSystem.RunSeeds(async test =>
    {
        ActorRef<Request>? asker = null;
        ActorRef<Request> full = test.System.Spawn(new Acting<Request>(async (_, _) =>
        {
            for (int count = 0; count < 3; count++)
                await asker!.TellAsync(default);
        }), "full");
        asker = test.System.Spawn(new Acting<Request>(async (_, _) => await full.AskAsync<int>(Request.Of)), "asker", new MailboxOptions { Capacity = 1 });
        asker.Tell(default);
        Assert.Equal(["/asker", "/full"], (await Timeout(test)).Cycle);
    });

    [Fact]
    public void NoAnswerIsNoCycle() => TestSystem.RunSeeds(async test =>
    {
        ActorRef<Request> silent = test.System.Spawn(new Acting<Request>((_, _) => default), "silent");
        test.System.Spawn(new Acting<Request>(async (_, _) => await silent.AskAsync<int>(Request.Of)), "asker").Tell(default);
        AskTimeoutException timeout = await Timeout(test);
        Assert.Empty(timeout.Cycle);
        Assert.Equal("Actor 'silent' did not answer within 00:00:05.", timeout.Message);
    });

    /// <summary>The reply was handed to a third, who answers: an early report would have been wrong.</summary>
    [Fact]
    public void AnAnswerThatAnotherGivesEndsWhatLookedLikeACycle() => TestSystem.RunSeeds(async test =>
    {
        TestProbe<Request> third = test.CreateProbe<Request>();
        ActorRef<Request>? second = null;
        ActorRef<Request> first = test.System.Spawn(new Acting<Request>(async (_, request) =>
        {
            if (second is { } asked && request == default)
                await asked.AskAsync<int>(Request.Of);
            else
                request.Answer.Set(2);
        }), "first");
        int answer = 0;
        second = test.System.Spawn(new Acting<Request>(async (_, request) =>
        {
            third.Ref.Tell(request);
            answer = await first.AskAsync<int>(Request.Of);
        }), "second");
        first.Tell(default);
        (await third.ExpectAsync()).Answer.Set(1);
        await test.WhenIdle();
        Assert.Equal(2, answer);
    });

    private static ActorRef<Request>[] Ring(TestSystem test, int count)
    {
        var ring = new ActorRef<Request>[count];
        for (int index = 0; index < count; index++)
        {
            int next = (index + 1) % count;
            ring[index] = test.System.Spawn(new Acting<Request>(async (_, request) => request.Answer.Set(await ring[next].AskAsync<int>(Request.Of))), $"{index}");
        }

        return ring;
    }

    private static async Task<AskTimeoutException> Timeout(TestSystem test)
    {
        ActorFailure failure = await test.ExpectFailureAsync(within: TimeSpan.FromSeconds(10));
        // The others fail too, when the cycle has come apart.
        await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        for (long more = test.System.FailureCount - 1; more > 0; more--)
            await test.ExpectFailureAsync();
        return Assert.IsType<AskTimeoutException>(failure.Exception);
    }

    private readonly record struct Request(Reply<int> Answer)
    {
        public static Request Of(Reply<int> answer) => new(answer);
    }
}
