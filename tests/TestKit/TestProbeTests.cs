namespace Troupe.Actors.TestKit.Tests;

public sealed class TestProbeTests
{
    [Fact]
    public void AProbeAnswersAnAsk() => TestSystem.RunSeeds(async test =>
    {
        TestProbe<Question> backend = test.CreateProbe<Question>();
        ValueTask<int> answer = backend.Ref.AskAsync<int>(static reply => new Question(20, reply));
        Question question = await backend.ExpectAsync();
        question.Answer.Set(question.Number + 1);
        Assert.Equal(21, await answer);
    });

    [Fact]
    public void AProbeRespondsByItself() => TestSystem.Run(async test =>
    {
        TestProbe<Question> backend = test.CreateProbe<Question>();
        backend.Respond(static question => question.Answer.Set(question.Number * 2));
        Assert.Equal(42, await backend.Ref.AskAsync<int>(static reply => new Question(21, reply)));
        Assert.Equal(21, Assert.Single(backend.Pending).Number);
    });

    [Fact]
    public void WhatDoesNotComeIsAFailureAtItsTime() => TestSystem.Run(async test =>
    {
        TestProbe<int> probe = test.CreateProbe<int>();
        ExpectationException failure = await Assert.ThrowsAsync<ExpectationException>(() => probe.ExpectAsync(TimeSpan.FromHours(1)));
        Assert.Contains("No Int32 came within 01:00:00", failure.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromHours(1), test.Time.Elapsed);
    });

    [Fact]
    public void ANextMessageThatDoesNotMatchIsAFailure() => TestSystem.Run(async test =>
    {
        TestProbe<int> probe = test.CreateProbe<int>();
        probe.Ref.Tell(1);
        await Assert.ThrowsAsync<ExpectationException>(() => probe.ExpectAsync(static number => number == 2));
        probe.Ref.Tell(3);
        await Assert.ThrowsAsync<ExpectationException>(() => probe.ExpectEqualAsync(4));
    });

    [Fact]
    public void FindingAMessageLeavesThoseBeforeIt() => TestSystem.Run(async test =>
    {
        TestProbe<int> probe = test.CreateProbe<int>();
        probe.Ref.Tell(1);
        probe.Ref.Tell(2);
        Assert.Equal(2, await probe.FindAsync(static number => number == 2));
        await probe.ExpectEqualAsync(1);
    });

    [Fact]
    public void NoMessageIsExpectedForAWhile() => TestSystem.Run(async test =>
    {
        TestProbe<int> probe = test.CreateProbe<int>();
        await probe.ExpectNoMessageAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(10), test.Time.Elapsed);
        ActorRef<int> late = test.System.Spawn(new Acting<int>((it, message) =>
        {
            if (message == 0)
                it.It.Schedule(1, TimeSpan.FromSeconds(5));
            else
                probe.Ref.Tell(message);
            return default;
        }));
        late.Tell(0);
        await Assert.ThrowsAsync<ExpectationException>(() => probe.ExpectNoMessageAsync(TimeSpan.FromSeconds(10)));
    });
}
