// docs/misc/xenstore.txt of Xen: the requests that a guest needs.
using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Drivers.Xen;

/// <summary>To the client of xenstore. One of the nested types.</summary>
[Sendable]
public abstract record XenStoreMessage
{
    private XenStoreMessage()
    {
    }

    /// <summary>Asks for a node's value; null if there is none, or it may not be read.</summary>
    public sealed record Read(string Path, Reply<string?> Reply) : XenStoreMessage;

    /// <summary>Asks for the names of a node's children; empty if there are none.</summary>
    public sealed record List(string Path, Reply<ImmutableArray<string>> Reply) : XenStoreMessage;

    /// <summary>Sets a node's value; answers whether xenstore took it.</summary>
    public sealed record Write(string Path, string Value, Reply<bool> Reply) : XenStoreMessage;

    /// <summary>
    /// Has <paramref name="OnChange"/> called for each change at or below a node, and once at once. It runs in the client's turn and does nothing but post a message.
    /// </summary>
    public sealed record Watch(
        string Path,
        [property: SendableByContract("Does nothing but post a message.")] Action OnChange,
        Reply<bool> Reply) : XenStoreMessage;

    /// <summary>xenstore's channel had an event.</summary>
    internal sealed record Interrupt : XenStoreMessage
    {
        internal static readonly Interrupt Instance = new();
    }
}
