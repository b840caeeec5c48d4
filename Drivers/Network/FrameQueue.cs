using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>A bounded first-in first-out queue of frames it owns; preallocated.</summary>
internal sealed class FrameQueue(int capacity)
{
    private readonly FrameBuffer[] _frames = new FrameBuffer[capacity];
    private int _first;

    public int Count { get; private set; }

    public bool TryEnqueue([MovesWhen(true)] FrameBuffer frame)
    {
        if (Count == _frames.Length)
        {
            return false;
        }

        _frames[(_first + Count) % _frames.Length] = frame;
        Count++;
        return true;
    }

    public bool TryPeek([Borrowed] out FrameBuffer frame)
    {
        frame = Count == 0 ? default : _frames[_first];
        return Count > 0;
    }

    public void Remove()
    {
        _frames[_first] = default;
        _first = (_first + 1) % _frames.Length;
        Count--;
    }
}
