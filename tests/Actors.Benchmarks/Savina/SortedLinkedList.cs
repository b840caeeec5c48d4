namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>A singly linked list that is kept in order, each value once.</summary>
internal sealed class SortedLinkedList
{
    private Node? _first;

    internal int Count { get; private set; }

    internal void Add(int value)
    {
        if (_first is null || value < _first.Value)
        {
            _first = new Node(value, _first);
            Count++;
            return;
        }

        Node node = _first;
        while (node.Next is { } next && next.Value <= value)
            node = next;
        if (node.Value == value)
            return;
        node.Next = new Node(value, node.Next);
        Count++;
    }

    internal bool Contains(int value)
    {
        Node? node = _first;
        while (node is not null && node.Value < value)
            node = node.Next;
        return node?.Value == value;
    }

    /// <summary>Whether the values ascend and are as many as it says.</summary>
    internal bool IsSound()
    {
        int count = 0;
        for (Node? node = _first; node is not null; node = node.Next)
        {
            count++;
            if (node.Next is { } next && next.Value <= node.Value)
                return false;
        }

        return count == Count;
    }

    private sealed class Node(int value, Node? next)
    {
        internal int Value { get; } = value;

        internal Node? Next { get; set; } = next;
    }
}
