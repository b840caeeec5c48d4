using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

public sealed class UnboundedMailboxTests : MailboxTests
{
    private protected override Mailbox<Letter> Create(int capacity) => new Mailbox<Letter, ProcessorMemory>(MailboxOptions.Unbounded);

    private protected override Mailbox<object> CreateForObjects() => new Mailbox<object, ProcessorMemory>(MailboxOptions.Unbounded);

    [Fact]
    public void AMillionMessagesFit()
    {
        Mailbox<Letter> mailbox = Create(0);
        for (int number = 0; number < 1_000_000; number++)
            Assert.Equal(EnqueueResult.Accepted, mailbox.TryEnqueue(new Letter(0, number)));
        for (int number = 0; number < 1_000_000; number++)
        {
            Assert.True(mailbox.TryDequeue(out Letter letter));
            Assert.Equal(number, letter.Number);
        }
    }
}
