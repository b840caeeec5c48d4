using System.Text;
using Words = Troupe.Core.Machine.LastWords<Troupe.Core.Tests.FakeMappedMemory>;

namespace Troupe.Core.Tests;

/// <summary>Reading what the program has not said yet out of its memory: whatever is there, there is an answer and no fault.</summary>
public sealed class LastWordsTests
{
    private const ulong Address = 0x7000_0000_1000;
    private const int Room = 16;

    private readonly FakeMachine _machine = FakeMachine.Install();

    [Fact]
    public void WhatWasNotSaidIsRead() => Assert.Equal("world", Read("hello world", said: 6, known: 11));

    [Fact]
    public void NothingIsReadWhenAllIsSaid() => Assert.Equal("", Read("hello world", said: 11, known: 11));

    [Fact]
    public void TextThatGoesOnAtTheBeginningOfTheRoomIsRead() => Assert.Equal("hello", Read("lo           hel", said: Room + 13, known: Room + 18));

    [Theory]
    [InlineData(5, 4)]
    [InlineData(0, Room + 1)]
    [InlineData(-1, Room)]
    [InlineData(long.MinValue, long.MaxValue)]
    public void NumbersThatCannotBeAreNoText(long said, long known) => Assert.Equal("", Read("hello world", said, known));

    [Theory]
    [InlineData(0UL)]
    [InlineData(Address)]
    [InlineData(Address + 4)]
    [InlineData(ulong.MaxValue - 7)]
    public void AnAddressWithNothingThereIsNoText(ulong address) => Assert.Equal(0UL, Words.Find(address, Room, out _));

    [Fact]
    public void TextThatRunsOffTheMappedPagesIsQuestionMarks()
    {
        _machine.Place(Address, [.. BitConverter.GetBytes(4L), .. BitConverter.GetBytes(12L), .. "hello wo"u8]);
        Assert.Equal("o wo????", Read());
    }

    private string Read(string room, long said, long known)
    {
        _machine.Place(Address, [.. BitConverter.GetBytes(said), .. BitConverter.GetBytes(known), .. Encoding.ASCII.GetBytes(room.PadRight(Room))]);
        return Read();
    }

    private static string Read()
    {
        ulong count = Words.Find(Address, Room, out ulong first);
        return string.Concat(Enumerable.Range(0, (int)count).Select(index => (char)Words.Read(Address, Room, first + (ulong)index)));
    }
}
