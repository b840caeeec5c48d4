// RFC 6675 3: the scoreboard, against a list of segments whose counts are taken anew each time.
using Troupe.Net.Tcp;
using Troupe.Net.Wire;

namespace Troupe.Properties.Tests;

public sealed class SentSegmentsTests
{
    private const int Capacity = 64;

    private static readonly Gen<int> _any = Gen.Int[0, 1000];

    [Fact]
    public void ItsCountsAreThoseOfItsSegments() => Gen.UInt.Select(static start => (new Scoreboard(start), new Segments())).SampleModelBased(
        [
            Gen.Int[1, 20].Operation<Scoreboard, Segments>(static (board, length) => board.Append(length), static (list, length) => list.Append(length)),
            Gen.Const(0).Operation<Scoreboard, Segments>(static (board, _) => board.RemoveFirst(), static (list, _) => list.RemoveFirst()),
            _any.Operation<Scoreboard, Segments>(static (board, octets) => board.TrimFirst(octets), static (list, octets) => list.TrimFirst(octets)),
            _any.Operation<Scoreboard, Segments>(static (board, place) => board.MarkSacked(place), static (list, place) => list.MarkSacked(place)),
            _any.Operation<Scoreboard, Segments>(static (board, place) => board.MarkLost(place), static (list, place) => list.MarkLost(place)),
            Gen.Const(0).Operation<Scoreboard, Segments>(static (board, _) => board.Board.MarkAllLost(), static (list, _) => list.MarkAllLost()),
            Gen.Const(0).Operation<Scoreboard, Segments>(static (board, _) => board.Board.ClearLost(), static (list, _) => list.ClearLost()),
            Gen.Const(0).Operation<Scoreboard, Segments>(static (board, _) => board.RetransmitLost(), static (list, _) => list.RetransmitLost()),
            Gen.Select(_any, _any).Operation<Scoreboard, Segments>(static (board, cut) => board.Split(cut.Item1, cut.Item2), static (list, cut) => list.Split(cut.Item1, cut.Item2)),
        ],
        equal: static (board, list) => board.Describe() == list.Describe(),
        iter: 1_000);

    private sealed class Scoreboard(uint start)
    {
        private readonly SequenceNumber _start = new(start);
        private SequenceNumber _end = new(start);

        public SentSegments Board { get; } = new(Capacity);

        public void Append(int length)
        {
            if (Board.IsFull)
                return;
            Board.Append(_end, length, fin: false, default);
            _end += length;
        }

        public void RemoveFirst()
        {
            if (Board.Count > 0)
                Board.RemoveFirst();
        }

        public void TrimFirst(int octets)
        {
            if (Board.Count > 0 && Board[0].Length > 1)
                Board.TrimFirst(Board[0].Start + (1 + octets % (Board[0].Length - 1)));
        }

        public void MarkSacked(int place)
        {
            if (Board.Count > 0)
                Board.MarkSacked(place % Board.Count);
        }

        public void MarkLost(int place)
        {
            if (Board.Count > 0)
                Board.MarkLost(place % Board.Count);
        }

        public void RetransmitLost()
        {
            if (Board.FindLost() is var index and >= 0)
                Board.Retransmitted(index, TimeSpan.FromSeconds(1));
        }

        public void Split(int place, int octets)
        {
            if (Board.Count == 0 || Board.IsFull || Board[place % Board.Count].Length < 2)
                return;
            int index = place % Board.Count;
            Board.Split(index, 1 + octets % (Board[index].Length - 1));
        }

        public string Describe()
        {
            string segments = "";
            for (int index = 0; index < Board.Count; index++)
            {
                SentSegment segment = Board[index];
                segments += $" {segment.Start - _start}+{segment.Length}:{segment.Marks}";
                Assert.Equal(index, Board.IndexOf(segment.Start));
                Assert.Equal(index + 1, Board.IndexOf(segment.Start + 1));
            }

            return $"{segments} sacked {Board.SackedCount} {Board.SackedOctets} lost {Board.LostOctets} at {Board.FindLost()} retransmitted {Board.RetransmittedCount}";
        }
    }

    private sealed class Segments
    {
        private readonly List<(int Start, int Length, SentSegmentMarks Marks)> _list = [];
        private int _end;

        public void Append(int length)
        {
            if (_list.Count >= Capacity)
                return;
            _list.Add((_end, length, SentSegmentMarks.None));
            _end += length;
        }

        public void RemoveFirst()
        {
            if (_list.Count > 0)
                _list.RemoveAt(0);
        }

        public void TrimFirst(int octets)
        {
            if (_list.Count == 0 || _list[0].Length <= 1)
                return;
            (int start, int length, SentSegmentMarks marks) = _list[0];
            int cut = 1 + octets % (length - 1);
            _list[0] = (start + cut, length - cut, marks);
        }

        public void MarkSacked(int place) => Mark(place, static marks => (marks | SentSegmentMarks.Sacked) & ~SentSegmentMarks.Lost);

        public void MarkLost(int place) => Mark(place, static marks => (marks & SentSegmentMarks.Sacked) != 0 ? marks : marks | SentSegmentMarks.Lost);

        // RFC 2018 8: if even the first was reported, the receiver has gone back on its word.
        public void MarkAllLost()
        {
            bool reneged = _list.Count > 0 && (_list[0].Marks & SentSegmentMarks.Sacked) != 0;
            for (int index = 0; index < _list.Count; index++)
            {
                if (reneged)
                    Mark(index, static marks => marks & ~SentSegmentMarks.Sacked);
                MarkLost(index);
            }
        }

        public void ClearLost()
        {
            for (int index = 0; index < _list.Count; index++)
                Mark(index, static marks => marks & ~SentSegmentMarks.Lost);
        }

        public void RetransmitLost()
        {
            if (FirstLost is var index and >= 0)
                Mark(index, static marks => (marks | SentSegmentMarks.Retransmitted) & ~SentSegmentMarks.Lost);
        }

        public void Split(int place, int octets)
        {
            if (_list.Count == 0 || _list.Count >= Capacity || _list[place % _list.Count].Length < 2)
                return;
            int index = place % _list.Count;
            (int start, int length, SentSegmentMarks marks) = _list[index];
            int cut = 1 + octets % (length - 1);
            _list[index] = (start, cut, marks);
            _list.Insert(index + 1, (start + cut, length - cut, marks));
        }

        public string Describe()
        {
            int Octets(SentSegmentMarks mark) => _list.Where(segment => (segment.Marks & mark) != 0).Sum(static segment => segment.Length);
            int Count(SentSegmentMarks mark) => _list.Count(segment => (segment.Marks & mark) != 0);
            string segments = string.Concat(_list.Select(static segment => $" {segment.Start}+{segment.Length}:{segment.Marks}"));
            return $"{segments} sacked {Count(SentSegmentMarks.Sacked)} {Octets(SentSegmentMarks.Sacked)} lost {Octets(SentSegmentMarks.Lost)} at {FirstLost} retransmitted {Count(SentSegmentMarks.Retransmitted)}";
        }

        private int FirstLost => _list.FindIndex(static segment => (segment.Marks & SentSegmentMarks.Lost) != 0);

        private void Mark(int place, Func<SentSegmentMarks, SentSegmentMarks> change)
        {
            if (_list.Count == 0)
                return;
            (int start, int length, SentSegmentMarks marks) = _list[place % _list.Count];
            _list[place % _list.Count] = (start, length, change(marks));
        }
    }
}
