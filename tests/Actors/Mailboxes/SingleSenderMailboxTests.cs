using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

public sealed class SingleSenderMailboxTests : MailboxTests
{
    private protected override int Producers => 1;

    private protected override Mailbox<Letter> Create(int capacity) =>
        new SingleSenderMailbox<Letter, ProcessorMemory>(new MailboxOptions { Capacity = capacity, IsSingleSender = true });

    private protected override Mailbox<object> CreateForObjects() =>
        new SingleSenderMailbox<object, ProcessorMemory>(new MailboxOptions { IsSingleSender = true });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void TheCapacityIsExact(int capacity)
    {
        Mailbox<Letter> mailbox = Create(capacity);
        for (int lap = 0; lap < 3; lap++)
        {
            for (int number = 0; number < capacity; number++)
                Assert.Equal(EnqueueResult.Accepted, mailbox.TryEnqueue(new Letter(0, number)));
            Assert.Equal(EnqueueResult.Full, mailbox.TryEnqueue(default));
            for (int number = 0; number < capacity; number++)
            {
                Assert.True(mailbox.TryDequeue(out Letter letter));
                Assert.Equal(number, letter.Number);
            }
        }
    }

    [Fact]
    public async Task ASenderThatDoesNotAwaitKeepsItsOrder()
    {
        Mailbox<Letter> mailbox = Create(1);
        ValueTask<EnqueueResult>[] sending = [.. Enumerable.Range(0, 5).Select(number => mailbox.EnqueueAsync(new Letter(0, number)))];
        for (int number = 0; number < 5; number++)
        {
            Assert.True(mailbox.TryDequeue(out Letter letter));
            Assert.Equal(number, letter.Number);
            mailbox.AdmitWaiting();
        }

        foreach (ValueTask<EnqueueResult> sent in sending)
            Assert.Equal(EnqueueResult.Accepted, await sent);
    }

    [Fact]
    public async Task SendersThatWaitAreToldWhenItCloses()
    {
        Mailbox<Letter> mailbox = Create(1);
        mailbox.TryEnqueue(default);
        ValueTask<EnqueueResult> waiting = mailbox.EnqueueAsync(default);
        mailbox.Close();
        mailbox.AdmitWaiting();
        Assert.Equal(EnqueueResult.Closed, await waiting);
    }

    // A slot given back before it has been read is soon written again: with one place only, and a message that takes many stores.
    [Fact]
    public void WhatIsTakenIsWhatWasSent()
    {
        const int Messages = 400_000;
        var mailbox = new SingleSenderMailbox<Parcel, ProcessorMemory>(new MailboxOptions { Capacity = 2, IsSingleSender = true });
        Thread[] threads = StartProducers(1, _ =>
        {
            for (int number = 0; number < Messages;)
            {
                var parcel = default(Parcel);
                ((Span<long>)parcel).Fill(number);
                if (mailbox.TryEnqueue(in parcel) == EnqueueResult.Accepted)
                    number++;
                else
                    Thread.Yield();
            }
        });

        for (int number = 0; number < Messages;)
        {
            if (!mailbox.TryDequeue(out Parcel parcel))
            {
                Thread.Yield();
                continue;
            }

            Assert.True(!((ReadOnlySpan<long>)parcel).ContainsAnyExcept(number), $"message {number} was another, or parts of two");
            number++;
        }

        threads[0].Join();
    }

    [Fact]
    public void ItIsMadeByItsOption()
    {
        Assert.IsType<SingleSenderMailbox<Letter, ProcessorMemory>>(Mailbox<Letter>.Create<ProcessorMemory>(new MailboxOptions { IsSingleSender = true }));
        Assert.Throws<ArgumentException>(() => Mailbox<Letter>.Create<ProcessorMemory>(new MailboxOptions { IsSingleSender = true, OverflowPolicy = OverflowPolicy.DropOldest }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Mailbox<Letter>.Create<ProcessorMemory>(MailboxOptions.Unbounded with { IsSingleSender = true }));
    }

    [System.Runtime.CompilerServices.InlineArray(32)]
    private struct Parcel
    {
        private long _first;
    }
}
