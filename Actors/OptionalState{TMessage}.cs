using System.Runtime.CompilerServices;

namespace Troupe.Actors;

/// <inheritdoc cref="OptionalState"/>
internal sealed class OptionalState<[Sendable] TMessage> : OptionalState
{
    /// <summary>Makes the instances after the first; set before the first turn.</summary>
    internal Func<Actor<TMessage>>? Factory { get; set; }

    internal ValueTaskAwaiter SuspendedHandler { get; set; }

    internal TMessage? SuspendedMessage { get; set; }

    internal Action? OnHandlerCompleted { get; set; }

    internal Stash<TMessage>? Stash { get; set; }

    /// <summary>Kept for the next time the behaviour becomes another handler.</summary>
    internal BecomeBehaviour<TMessage>? Become { get; set; }
}
