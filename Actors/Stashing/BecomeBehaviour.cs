namespace Troupe.Actors;

/// <summary>Stands in for a behaviour that has become another handler. Made once per actor that does so.</summary>
internal sealed class BecomeBehaviour<[Sendable] TMessage>(Actor<TMessage> original, Func<TMessage, ValueTask> handler) : Actor<TMessage>
{
    internal Actor<TMessage> Original => original;

    internal Func<TMessage, ValueTask> Handler { get; set; } = handler;

    protected internal override void Stopped() => original.Stopped();

    protected internal override ValueTask ReceiveAsync(TMessage message) => Handler(message);
}
