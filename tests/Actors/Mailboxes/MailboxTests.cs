using System.Threading.Channels;

namespace Troupe.Actors.Tests;

/// <summary>What every mailbox does, whatever it is made of.</summary>
public abstract class MailboxTests
{
    private protected const int Roomy = 1 << 16;

    private protected abstract Mailbox<Letter> Create(int capacity);

    /// <summary>How many may send at once.</summary>
    private protected virtual int Producers => 4;

    [Fact]
    public void AnEmptyMailboxGivesNothing()
    {
        Mailbox<Letter> mailbox = Create(8);

        Assert.False(mailbox.TryDequeue(out _));
        Assert.False(mailbox.HasWork);
        Assert.Equal(0, mailbox.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(5000)]
    public void WhatGoesInComesOutInOrder(int messages)
    {
        Mailbox<Letter> mailbox = Create(Roomy);
        for (int number = 0; number < messages; number++)
            Assert.Equal(EnqueueResult.Accepted, mailbox.TryEnqueue(new Letter(0, number)));

        Assert.Equal(messages, mailbox.Count);
        for (int number = 0; number < messages; number++)
        {
            Assert.True(mailbox.HasWork);
            Assert.True(mailbox.TryDequeue(out Letter letter));
            Assert.Equal(number, letter.Number);
        }

        Assert.False(mailbox.TryDequeue(out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public void ManyLapsKeepTheOrder(int inFlight)
    {
        Mailbox<Letter> mailbox = Create(Roomy);
        int received = 0;
        for (int number = 0; number < 10_000; number++)
        {
            mailbox.TryEnqueue(new Letter(0, number));
            if (number - received + 1 < inFlight)
                continue;
            Assert.True(mailbox.TryDequeue(out Letter letter));
            Assert.Equal(received++, letter.Number);
        }
    }

    [Fact]
    public void AClosedMailboxTakesNothingAndGivesWhatItHas()
    {
        Mailbox<Letter> mailbox = Create(8);
        mailbox.TryEnqueue(new Letter(0, 1));
        mailbox.Close();
        mailbox.Close();

        Assert.Equal(EnqueueResult.Closed, mailbox.TryEnqueue(new Letter(0, 2)));
        Assert.True(mailbox.IsClosed);
        Assert.False(mailbox.IsCompleted);
        Assert.True(mailbox.TryDequeue(out Letter letter));
        Assert.Equal(1, letter.Number);
        Assert.True(mailbox.IsCompleted);
    }

    [Fact]
    public void AMailboxClosedBeforeUseIsCompleted()
    {
        Mailbox<Letter> mailbox = Create(8);
        mailbox.Close();

        Assert.True(mailbox.IsCompleted);
        Assert.Equal(EnqueueResult.Closed, mailbox.TryEnqueue(new Letter(0, 2)));
    }

    [Fact]
    public void ConcurrentProducersLoseNothingAndKeepTheirOrder()
    {
        const int PerProducer = 20_000;
        Mailbox<Letter> mailbox = Create(1 << 17);
        Thread[] threads = StartProducers(Producers, sender =>
        {
            for (int number = 0; number < PerProducer; number++)
                Assert.Equal(EnqueueResult.Accepted, mailbox.TryEnqueue(new Letter(sender, number)));
        });

        int[] next = new int[Producers];
        var spin = new SpinWait();
        for (int received = 0; received < Producers * PerProducer;)
        {
            if (!mailbox.TryDequeue(out Letter letter))
            {
                spin.SpinOnce();
                continue;
            }

            Assert.Equal(next[letter.Sender]++, letter.Number);
            received++;
        }

        foreach (Thread thread in threads)
            thread.Join();
        Assert.False(mailbox.TryDequeue(out _));
    }

    [Fact]
    public void ClosingUnderFireLosesNoAcceptedMessage()
    {
        for (int round = 0; round < 200; round++)
        {
            Mailbox<Letter> mailbox = Create(1 << 12);
            int accepted = 0;
            Thread[] threads = StartProducers(Math.Min(Producers, 2), sender =>
            {
                for (int number = 0; mailbox.TryEnqueue(new Letter(sender, number)) == EnqueueResult.Accepted && number < 1000; number++)
                    Interlocked.Increment(ref accepted);
            });
            int received = 0;
            while (received < 100 && mailbox.TryDequeue(out _))
                received++;
            mailbox.Close();
            foreach (Thread thread in threads)
                thread.Join();
            while (mailbox.TryDequeue(out _))
                received++;

            // A producer that reached its last number was accepted once more than it counted.
            Assert.InRange(received, accepted, accepted + 2);
            Assert.True(mailbox.IsCompleted);
        }
    }

    [Fact]
    public void SteadyTrafficAllocatesNothing()
    {
        Mailbox<Letter> mailbox = Create(1024);
        Assert.Equal(0, Allocations.Least(() => Exchange(mailbox, 1024, 100)));
    }

    [Fact]
    public void ATakenMessageIsNotKeptAlive()
    {
        Mailbox<object> mailbox = CreateForObjects();
        WeakReference sent = Send(mailbox);
        Assert.True(mailbox.TryDequeue(out object? taken));
        taken = null;
        GC.Collect();
        Assert.False(sent.IsAlive);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference Send(Mailbox<object> mailbox)
        {
            var message = new object();
            mailbox.TryEnqueue(message);
            return new WeakReference(message);
        }
    }

    [Fact]
    public async Task AsAChannelItEndsWithItsWriter()
    {
        Mailbox<Letter> mailbox = Create(Roomy);
        Task<int> reading = Task.Run(async () =>
        {
            int sum = 0;
            await foreach (Letter letter in mailbox.Reader.ReadAllAsync())
                sum += letter.Number;
            return sum;
        });
        for (int number = 1; number <= 1000; number++)
            await mailbox.Writer.WriteAsync(new Letter(0, number));
        mailbox.Writer.Complete();

        Assert.Equal(500_500, await reading.WaitAsync(TimeSpan.FromSeconds(30)));
        await mailbox.Reader.Completion.WaitAsync(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<ChannelClosedException>(async () => await mailbox.Writer.WriteAsync(default));
    }

    private protected abstract Mailbox<object> CreateForObjects();

    private protected static Thread[] StartProducers(int count, Action<int> body)
    {
        var threads = new Thread[count];
        for (int index = 0; index < count; index++)
        {
            int sender = index;
            threads[index] = new Thread(() => body(sender)) { IsBackground = true };
            threads[index].Start();
        }

        return threads;
    }

    private static void Exchange(Mailbox<Letter> mailbox, int depth, int laps)
    {
        for (int lap = 0; lap < laps; lap++)
        {
            for (int number = 0; number < depth; number++)
                mailbox.TryEnqueue(new Letter(0, number));
            while (mailbox.TryDequeue(out _))
            {
            }
        }
    }
}

public readonly record struct Letter(int Sender, int Number, long Third = 0, long Fourth = 0);
