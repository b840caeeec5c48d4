namespace Troupe.Actors.TestKit.Tests;

/// <summary>An actor whose handler is a lambda; the test keeps what it needs in the closure.</summary>
internal sealed class Acting<TMessage>(Func<Acting<TMessage>, TMessage, ValueTask> receive) : Actor<TMessage>
{
    public ActorContext<TMessage> It => Context;

    protected override ValueTask ReceiveAsync(TMessage message) => receive(this, message);
}

internal readonly record struct Question(int Number, Reply<int> Answer);
