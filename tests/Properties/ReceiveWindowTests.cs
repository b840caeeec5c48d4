// RFC 9293 3.4 and 3.8.6.2.2.
using Troupe.Net.Tcp;
using Troupe.Net.Wire;

namespace Troupe.Properties.Tests;

public sealed class ReceiveWindowTests
{
    private const int Buffer = 200_000;

    // RFC 9293 3.4, table 5, on whole numbers around the window.
    [Fact]
    public void ASegmentIsAcceptableIfTheTableOfTheSpecificationSaysSo() => Gen.Select(Gen.UInt, Gen.Int[0, 40], Gen.Int[-60, 60], Gen.Int[0, 30]).Sample(
        static (initial, window, distance, length) =>
        {
            ReceiveWindow receive = new(window);
            receive.Begin(new(initial));
            receive.Announce(0, scaled: false);
            Assert.Equal(window, receive.Window);
            bool Inside(int position) => position >= 0 && position < window;
            bool expected = (length, window) switch
            {
                (0, 0) => distance == 0,
                // Its end is one place further than the table says: what a peer sends there acknowledges, and is older than what it sent.
                (0, _) => distance >= 0 && distance <= window,
                (_, 0) => false,
                _ => Inside(distance) || Inside(distance + length - 1),
            };
            Assert.Equal(expected, receive.IsAcceptable(receive.Next + distance, length));
        },
        iter: 20_000);

    // RFC 9293 3.8.6: the right edge never goes back, and no more is promised than there is room for.
    [Fact]
    public void WhatWasPromisedIsKeptAndNoMoreIsPromisedThanThereIsRoomFor() => Gen.Select(
            Gen.UInt, Gen.Int[0, 8], Gen.Select(Gen.Int[0, 70_000], Gen.Int[0, 70_000], Gen.Bool).Array[1, 40])
        .Sample(
            static (initial, scale, steps) =>
            {
                ReceiveWindow receive = new(Buffer) { Scale = (byte)scale };
                receive.Begin(new(initial));
                receive.SetSegmentSize(1460);
                int unread = 0;
                SequenceNumber promised = receive.Next;
                foreach ((int arrives, int read, bool isScaled) in steps)
                {
                    int taken = Math.Min(arrives, receive.Window);
                    receive.Advance(taken);
                    unread = Math.Max(0, unread + taken - read);
                    SequenceNumber room = receive.Next + (Buffer - unread);
                    int announced = receive.Announce(unread, isScaled) << (isScaled ? scale : 0);
                    SequenceNumber edge = receive.Next + announced;
                    Assert.True(announced <= receive.Window);
                    Assert.True(edge <= receive.RightEdge);
                    // Without scaling, and by what scaling cuts off, an edge may be told that is before an earlier one; what was promised is still taken.
                    Assert.True(receive.RightEdge >= promised || !isScaled);
                    Assert.True(edge <= (room > promised ? room : promised));
                    promised = edge > promised ? edge : promised;
                }
            },
            iter: 1_000);
}
