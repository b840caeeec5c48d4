using System.Text;
using Troupe.Apps.Hosting.Guest;
using Troupe.Drivers.Contracts;

namespace Troupe.Hosting.Tests;

public sealed class LineDisciplineTests
{
    private readonly LineDiscipline _input = new();

    [Theory]
    [InlineData("a\nb\n", "a\nb\n")]
    [InlineData("a\rb\r", "a\nb\n")]
    [InlineData("a\r\nb\r\n", "a\nb\n")]
    [InlineData("\r\r\n\n", "\n\n\n")]
    public void EveryLineEndsWithALineFeed(string typed, string read)
    {
        Type(typed + "\u0004");
        Assert.Equal(read, ReadToEnd());
    }

    [Fact]
    public void ACarriageReturnAndItsLineFeedMayComeApart()
    {
        Type("a\r");
        Assert.Equal("a\n", Read());
        Type("\nb\u0004");
        Assert.Equal("b", ReadToEnd());
    }

    [Fact]
    public void TheInputEndsForGoodAtItsEnd()
    {
        Type("last\u0004 nothing");
        Type("more");
        Assert.Equal("last", Read());
        Assert.Equal(string.Empty, Read());
        Assert.Equal(string.Empty, Read());
    }

    [Fact]
    public void WhatFindsNoRoomIsRefusedAndWelcomeOnceTheQueueIsEmpty()
    {
        var welcomed = 0;
        _input.OnRoom = () => welcomed++;
        for (var count = 0; count < LineDiscipline.Capacity; count += ConsoleInput.MaximumLength)
        {
            Type("0123456789abcdef");
        }

        Assert.False(_input.TryDeliver(new ConsoleInput("x"u8)));
        var buffer = new byte[LineDiscipline.Capacity];
        Assert.Equal(16, _input.Read(buffer.AsSpan(0, 16)));
        Assert.Equal(0, welcomed);
        Assert.Equal(LineDiscipline.Capacity - 16, _input.Read(buffer));
        Assert.Equal(1, welcomed);
        Type("x");
        Assert.Equal("x", Read());
        Assert.Equal(1, welcomed);
    }

    [Fact]
    public async Task AReaderWaitsForInput()
    {
        var reading = Task.Run(Read);
        await Task.Delay(50);
        Assert.False(reading.IsCompleted);
        Type("x");
        Assert.Equal("x", await reading.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void CharactersOfSeveralBytesAreReadWhole()
    {
        Type("zwölf €\r\u0004");
        using var reader = new StreamReader(new SerialInputStream(_input));
        Assert.Equal("zwölf €", reader.ReadLine());
        Assert.Null(reader.ReadLine());
    }

    [Fact]
    public void AConsoleIsOpenedByItsFirstRead()
    {
        var opened = 0;
        var reader = new LazyReader(() =>
        {
            opened++;
            return new StringReader("first\nsecond");
        });
        Assert.Equal(0, opened);
        Assert.Equal("first", reader.ReadLine());
        Assert.Equal('s', reader.Peek());
        Assert.Equal("second", reader.ReadToEnd());
        Assert.Equal(1, opened);
    }

    private void Type(string text)
    {
        foreach (var piece in Encoding.UTF8.GetBytes(text).Chunk(ConsoleInput.MaximumLength))
        {
            Assert.True(_input.TryDeliver(new ConsoleInput(piece)));
        }
    }

    private string Read()
    {
        var buffer = new byte[LineDiscipline.Capacity];
        return Encoding.UTF8.GetString(buffer, 0, _input.Read(buffer));
    }

    private string ReadToEnd()
    {
        using var reader = new StreamReader(new SerialInputStream(_input));
        return reader.ReadToEnd();
    }
}
