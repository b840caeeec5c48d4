// RFC 9293 3.10.7.4 and RFC 2018 4: octets out of order, against a table with a place for each octet.
using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;

namespace Troupe.Properties.Tests;

public sealed class ReassemblyQueueTests
{
    private const int Longest = 3 * ReassemblyQueue.BlockSize;
    private const int MostRanges = 6;

    // Where the stream begins: at zero, and where the numbers wrap.
    private static readonly Gen<uint> _starts = Gen.OneOf(Gen.Const(0u), Gen.Const(uint.MaxValue - 5), Gen.UInt[uint.MaxValue - Longest, uint.MaxValue], Gen.UInt);
    private static readonly Gen<(int At, int Length)> _segments = Gen.OneOf(
        Gen.Select(Gen.Int[0, 40], Gen.Int[1, 12]), Gen.Select(Gen.Int[0, Longest - 1], Gen.Int[1, 2 * ReassemblyQueue.BlockSize]));

    [Fact]
    public void ItHoldsWhatATableOfAllOctetsHolds() => _starts.Select(static start => (new Queue(start), new Table())).SampleModelBased(
        _segments.Operation<Queue, Table>(static (queue, segment) => queue.Add(segment), static (table, segment) => table.Add(segment)),
        Gen.Int[0, 30].Operation<Queue, Table>(static (queue, octets) => queue.Take(octets), static (table, octets) => table.Take(octets)),
        equal: static (queue, table) => queue.Describe() == table.Describe(),
        iter: 200);

    private static byte Octet(int position) => (byte)((position * 31) ^ (position >> 8));

    private sealed class Queue(uint start)
    {
        private readonly ReassemblyBudget _budget = new(64);
        private readonly SequenceNumber _start = new(start);
        private ReassemblyQueue? _queue;
        private int _next;
        private int _latest = -1;

        private ReassemblyQueue Held => _queue ??= new(MostRanges, _budget);

        public void Add((int At, int Length) segment)
        {
            byte[] octets = [.. Enumerable.Range(_next + segment.At, segment.Length).Select(Octet)];
            if (Held.TryAdd(_start + (_next + segment.At), octets))
                _latest = _next + segment.At;
        }

        // What the connection does when the hole before has been filled: reads what follows, and goes on behind it.
        public void Take(int octets)
        {
            _next += octets;
            Held.Release(_start + _next);
            while (Held.Read(_start + _next) is { IsEmpty: false } read)
            {
                for (int index = 0; index < read.Length; index++)
                    Assert.Equal(Octet(_next + index), read[index]);
                _next += read.Length;
                Held.Release(_start + _next);
            }
        }

        public string Describe()
        {
            SackBlocks blocks = Held.Report(_start + Math.Max(_latest, 0), SackBlocks.Capacity);
            Assert.Equal(Math.Min(Held.Count, SackBlocks.Capacity), blocks.Count);
            List<(int, int)> ranges = [];
            for (int index = 0; index < blocks.Count; index++)
            {
                int from = blocks[index].Start - _start;
                Assert.True(Held.Holds(blocks[index].Start, blocks[index].Octets));
                Assert.False(Held.Holds(blocks[index].Start, blocks[index].Octets + 1));
                ranges.Add((from, from + blocks[index].Octets));
                // RFC 2018 4: the first block has the segment that came last, unless that was taken since.
                Assert.True(index > 0 || _latest < _next || (ranges[0].Item1 <= _latest && _latest < ranges[0].Item2));
            }

            Assert.Equal(blocks.Count, ranges.Distinct().Count());
            // Four blocks are all that is reported; with more ranges only their number and octets can be compared.
            string known = Held.Count <= SackBlocks.Capacity ? string.Join(' ', ranges.Order()) : "";
            return $"{_next}: {Held.Count} ranges, {Held.Octets} octets {known}";
        }
    }

    private sealed class Table
    {
        private readonly SortedSet<int> _held = [];
        private int _next;

        public void Add((int At, int Length) segment)
        {
            int[] before = [.. _held];
            _held.UnionWith(Enumerable.Range(_next + segment.At, segment.Length));
            if (Ranges().Count <= MostRanges)
                return;
            _held.Clear();
            _held.UnionWith(before);
        }

        public void Take(int octets)
        {
            _next += octets;
            _held.RemoveWhere(position => position < _next);
            while (_held.Remove(_next))
                _next++;
        }

        public string Describe()
        {
            List<(int, int)> ranges = Ranges();
            string known = ranges.Count <= SackBlocks.Capacity ? string.Join(' ', ranges) : "";
            return $"{_next}: {ranges.Count} ranges, {_held.Count} octets {known}";
        }

        private List<(int From, int To)> Ranges()
        {
            List<(int From, int To)> ranges = [];
            foreach (int position in _held)
            {
                if (ranges.Count > 0 && ranges[^1].To == position)
                    ranges[^1] = (ranges[^1].From, position + 1);
                else
                    ranges.Add((position, position + 1));
            }

            return ranges;
        }
    }
}
