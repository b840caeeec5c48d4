using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>A worker pushes to its own run queue and takes from it while others steal: every item is taken once, and none is lost,
/// though the queue starts with two places and grows.</summary>
internal sealed class WorkStealingProtocol<TMemory, TWorld> : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly RunQueue<string, TMemory> _queue = new(2);
    private readonly string[] _items;
    private readonly List<string>[] _taken;

    public WorkStealingProtocol(int items, int thieves)
    {
        _items = [.. Enumerable.Range(0, items).Select(i => $"item {i}")];
        _taken = [.. Enumerable.Range(0, thieves + 1).Select(_ => new List<string>())];
    }

    public override Action[] Processors => [Own, .. Enumerable.Range(1, _taken.Length - 1).Select(thief => (Action)(() => Take(thief)))];

    public override void Check()
    {
        while (_queue.TryTake() is { } item) _taken[0].Add(item);
        var all = _taken.SelectMany(t => t).Order(StringComparer.Ordinal);
        Require(all.SequenceEqual(_items), "an item is lost or taken twice");
    }

    private void Own()
    {
        foreach (var item in _items) _queue.Push(item);
        Take(0);
    }

    private void Take(int thief)
    {
        if (_queue.TryTake() is { } item) _taken[thief].Add(item);
    }
}
