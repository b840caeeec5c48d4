using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>A worker pushes to its own run queue and takes from it, claiming more than one at a time or not, while others steal: every item is taken once, and none is
/// lost, though the queue starts with two places and grows. It pushes one more while it has claimed ones.</summary>
internal sealed class WorkStealingProtocol<TMemory, TWorld> : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly RunQueue<QueuedText, TMemory> _queue = new(2);
    private readonly string[] _items;
    private readonly int _claims;
    private readonly List<string>[] _taken;

    public WorkStealingProtocol(int items, int thieves, int claims = 1)
    {
        _claims = claims;
        _items = [.. Enumerable.Range(0, items).Select(i => $"item {i}")];
        _taken = [.. Enumerable.Range(0, thieves + 1).Select(_ => new List<string>())];
    }

    public override Action[] Processors => [Own, .. Enumerable.Range(1, _taken.Length - 1).Select(thief => (Action)(() => Take(thief)))];

    public override void Check()
    {
        while (_queue.TryTakeClaimed(out var claimed)) _taken[0].Add(claimed.Text);
        while (_queue.TryTake(out var item)) _taken[0].Add(item.Text);
        var all = _taken.SelectMany(t => t).Order(StringComparer.Ordinal);
        Require(all.SequenceEqual(_items), "an item is lost or taken twice");
    }

    private void Own()
    {
        foreach (var item in _items[..^1]) _queue.Push(new QueuedText(item));
        if (_queue.TryClaim(_claims, out var first)) _taken[0].Add(first.Text);
        _queue.Push(new QueuedText(_items[^1]));
        if (_queue.TryTakeClaimed(out var second) || _queue.TryClaim(_claims, out second)) _taken[0].Add(second.Text);
    }

    private void Take(int thief)
    {
        if (_queue.TryTake(out var item)) _taken[thief].Add(item.Text);
    }
}
