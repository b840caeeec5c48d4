using System.Collections.Concurrent;

namespace Troupe.Actors;

/// <summary>
/// Behaviours known by name, so that an actor can be swapped to one where no code is at hand: in a guest, whose behaviours are all
/// compiled in. Any thread.
/// </summary>
public sealed class BehaviourRegistry
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    internal BehaviourRegistry()
    {
    }

    /// <summary>The names, sorted.</summary>
    public IReadOnlyList<string> Names => [.. _entries.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Makes a behaviour known.</summary>
    /// <param name="name">Its name; a version is part of it if there are several.</param>
    /// <param name="factory">Makes instances: for the swap, and for restarts after it.</param>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public void Register<[Sendable] TMessage>(string name, Func<Actor<TMessage>> factory)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(factory);
        if (!_entries.TryAdd(name, new Entry(factory, typeof(TMessage))))
            throw new ArgumentException($"There is a behaviour named '{name}' already.", nameof(name));
    }

    internal Func<Actor<TMessage>> Find<[Sendable] TMessage>(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_entries.TryGetValue(name, out Entry? entry))
        {
            string known = _entries.IsEmpty ? "none is" : string.Join(", ", Names) + " are";
            throw new ArgumentException($"No behaviour is registered as '{name}'; {known}.", nameof(name));
        }

        return entry.Factory as Func<Actor<TMessage>>
            ?? throw new ArgumentException($"The behaviour '{name}' handles {entry.MessageType}, and the actor {typeof(TMessage)}.", nameof(name));
    }

    private sealed record Entry(Delegate Factory, Type MessageType);
}
