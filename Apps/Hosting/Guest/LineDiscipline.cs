// POSIX.1-2017, chapter 11 (general terminal interface): ICRNL of the input modes, and the special character EOF of canonical mode.
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.Hosting.Guest;

/// <summary>
/// Between a serial line and who reads it as text: a bounded queue in which every line ends with a line feed, whichever way the sender
/// ended it, and which ends at an end-of-transmission character, for good. There is no echo and no editing: the sender's terminal does both.
/// </summary>
internal sealed class LineDiscipline : ConsoleClient
{
    /// <summary>Bytes that wait for the reader at most.</summary>
    internal const int Capacity = 4096;

    // ISO 646.
    private const byte EndOfTransmission = 0x04, LineFeed = 0x0A, CarriageReturn = 0x0D;

    // A monitor, because a reader waits on it.
    private readonly object _monitor = new();
    private readonly Queue<byte> _bytes = new(Capacity);
    private bool _afterReturn;
    private bool _hasEnded;
    private bool _hasRefused;

    /// <summary>Called when there is room again after input was refused; on the reader's thread.</summary>
    internal Action? OnRoom { get; set; }

    /// <inheritdoc/>
    public override bool TryDeliver(in ConsoleInput input)
    {
        lock (_monitor)
        {
            if (_bytes.Count + input.Length > Capacity)
            {
                _hasRefused = true;
                return false;
            }

            for (int index = 0; index < input.Length && !_hasEnded; index++)
            {
                Accept(input[index]);
            }

            Monitor.PulseAll(_monitor);
            return true;
        }
    }

    /// <summary>Takes what there is, waiting for the first byte. Answers 0 at the end of the input.</summary>
    internal int Read(Span<byte> target)
    {
        int count = 0;
        bool hasRefused;
        lock (_monitor)
        {
            while (_bytes.Count == 0 && !_hasEnded)
            {
                Monitor.Wait(_monitor);
            }

            while (count < target.Length && _bytes.TryDequeue(out byte value))
            {
                target[count++] = value;
            }

            hasRefused = _hasRefused && _bytes.Count == 0;
            _hasRefused &= !hasRefused;
        }

        if (hasRefused)
        {
            OnRoom?.Invoke();
        }

        return count;
    }

    private void Accept(byte value)
    {
        bool completesReturn = _afterReturn && value == LineFeed;
        _afterReturn = value == CarriageReturn;
        if (value == EndOfTransmission)
        {
            _hasEnded = true;
        }
        else if (!completesReturn)
        {
            _bytes.Enqueue(value == CarriageReturn ? LineFeed : value);
        }
    }
}
