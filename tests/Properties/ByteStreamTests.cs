// What goes in comes out: each octet once, in order, however reads and writes are cut.
using System.Buffers;
using System.IO.Pipelines;
using Troupe.Net.Contracts;
using Troupe.Net.Sockets;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;

namespace Troupe.Properties.Tests;

public sealed class ByteStreamTests
{
    private enum Move
    {
        Write,
        Read,
        Peek,
    }

    private static readonly Gen<(Move Move, int Count, int Skip)[]> _moves =
        Gen.Select(Gen.Enum<Move>(), Gen.OneOf(Gen.Int[0, 100], Gen.Int[0, 120_000]), Gen.Int[0, 200]).Array[1, 60];

    [Fact]
    public void AUnixSocketsQueueGivesWhatItTook() => _moves.Sample(
        static moves =>
        {
            UnixByteQueue queue = new();
            int written = 0;
            int read = 0;
            byte[] room = new byte[120_000];
            foreach ((Move move, int count, int skip) in moves)
            {
                if (move == Move.Write)
                {
                    written += queue.Write(Octets(written, count));
                }
                else
                {
                    int from = read + (move == Move.Peek ? Math.Min(skip, written - read) : 0);
                    int got = queue.Read(room.AsSpan(0, count), move == Move.Peek ? skip : 0, move == Move.Peek, out _);
                    Assert.Equal(Math.Min(count, written - from), got);
                    Assert.Equal(Octets(from, got), room.AsSpan(0, got));
                    read += move == Move.Read ? got : 0;
                }

                Assert.Equal(written - read, queue.Count);
            }
        },
        iter: 100);

    // The two directions between an application and its connection's actor.
    [Fact]
    public void AConnectionsStreamsGiveWhatTheyTookAndCountIt() => _moves.Sample(
        static moves =>
        {
            TcpBufferBudget budget = new(1 << 30, 1 << 30);
            TcpByteStreams streams = new(new(), PipeScheduler.Inline, budget);
            TcpStreamContract.Instance.Observe(streams, TcpStreamStep.Establish);
            int delivered = 0;
            int read = 0;
            foreach ((Move move, int count, _) in moves)
            {
                if (move == Move.Write)
                {
                    streams.Deliver(Octets(delivered, count));
                    streams.Received.FlushAsync().AsTask().Wait();
                    delivered += count;
                }
                else if (streams.Input.TryRead(out ReadResult result))
                {
                    Assert.Equal(delivered - read, result.Buffer.Length);
                    int taken = (int)Math.Min(count, result.Buffer.Length);
                    Assert.Equal(Octets(read, taken), result.Buffer.Slice(0, taken).ToArray());
                    streams.Input.AdvanceTo(result.Buffer.GetPosition(move == Move.Read ? taken : 0));
                    read += move == Move.Read ? taken : 0;
                }

                Assert.Equal(delivered - read, streams.Unread);
            }
        },
        iter: 100);

    // RFC 9293 3.9.1.2: any part of what is not acknowledged can be had again, until it is.
    [Fact]
    public void WhatIsNotAcknowledgedCanBeSentAgain() => Gen.Select(Gen.UInt, _moves).Sample(
        static (first, moves) =>
        {
            Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 0, resumeWriterThreshold: 0));
            SendQueue queue = new(pipe.Reader);
            SequenceNumber start = new(first);
            queue.Begin(start);
            int written = 0;
            int acknowledged = 0;
            int seen = 0;
            byte[] segment = new byte[2000];
            foreach ((Move move, int count, int skip) in moves)
            {
                switch (move)
                {
                    case Move.Write:
                        pipe.Writer.WriteAsync(Octets(written, count)).AsTask().Wait();
                        written += count;
                        break;
                    case Move.Peek:
                        queue.Acquire();
                        seen = Math.Max(seen, queue.End - start);
                        int from = Math.Min(acknowledged + skip, seen);
                        int length = Math.Min(segment.Length, seen - from);
                        Assert.Equal(seen - from, queue.WaitingAfter(start + from));
                        if (length == 0)
                            break;
                        queue.CopyTo(start + from, segment.AsSpan(0, length));
                        Assert.Equal(Octets(from, length), segment.AsSpan(0, length));
                        break;
                    default:
                        queue.Acquire();
                        seen = Math.Max(seen, queue.End - start);
                        int until = Math.Min(acknowledged + count, seen);
                        queue.Acknowledge(start + until);
                        Assert.Equal(until - acknowledged, queue.Release());
                        acknowledged = until;
                        break;
                }
            }
        },
        iter: 100);

    private static byte[] Octets(int from, int count)
    {
        byte[] octets = new byte[count];
        for (int index = 0; index < count; index++)
            octets[index] = (byte)(((from + index) * 31) ^ ((from + index) >> 8));
        return octets;
    }
}
