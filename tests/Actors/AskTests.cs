namespace Troupe.Actors.Tests;

public sealed class AskTests
{
    [Fact]
    public async Task AnAskFromOutsideIsAnswered()
    {
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(2) });
        ActorRef<CounterMessage> counter = system.Spawn(new Counter(), "counter");

        for (int expected = 1; expected <= 1000; expected++)
            Assert.Equal(expected, await counter.AskAsync<int>(static reply => new CounterMessage(1, reply)));
    }
}

internal readonly record struct CounterMessage(int Amount, Reply<int> Reply);

internal sealed class Counter : Actor<CounterMessage>
{
    private int _value;

    protected override ValueTask ReceiveAsync(CounterMessage message)
    {
        _value += message.Amount;
        message.Reply.Set(_value);
        return default;
    }
}
