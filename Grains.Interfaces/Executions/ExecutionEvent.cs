namespace Sandbox.Cluster.Grains.Interfaces.Executions;

/// <summary>Something that an execution did: one of the records below, and nothing else.</summary>
[GenerateSerializer, Immutable, Alias("ExecutionEvent")]
public abstract record ExecutionEvent
{
    private protected ExecutionEvent()
    {
    }

    /// <summary>Its place in the order of the execution's events, from 1. There may be gaps.</summary>
    [Id(0)]
    public long Sequence { get; init; }

    /// <summary>Without what the code left, which is a tenant's.</summary>
    public sealed override string ToString() => $"{GetType().Name} {Sequence}";
}

/// <summary>The code begins to run.</summary>
/// <param name="ExecutionCount">1 for the first execution of a state, then one more.</param>
[GenerateSerializer, Immutable, Alias("StartEvent")]
public sealed record StartEvent([property: Id(0)] int ExecutionCount) : ExecutionEvent;

/// <summary>The code printed.</summary>
/// <param name="IsStderr">Where.</param>
/// <param name="Text">What, with its line ends; the chunks of a stream make up its lines.</param>
[GenerateSerializer, Immutable, Alias("OutputEvent")]
public sealed record OutputEvent([property: Id(0)] bool IsStderr, [property: Id(1)] string Text) : ExecutionEvent;

/// <summary>The code showed something.</summary>
/// <param name="Item">What.</param>
/// <param name="Replaces">The event whose item it takes the place of; null for a new item.</param>
[GenerateSerializer, Immutable, Alias("ItemEvent")]
public sealed record ItemEvent([property: Id(0)] OutputItem Item, [property: Id(1)] long? Replaces) : ExecutionEvent;

/// <summary>The code did not run to its end.</summary>
/// <param name="Error">Why.</param>
[GenerateSerializer, Immutable, Alias("ErrorEvent")]
public sealed record ErrorEvent([property: Id(0)] ExecutionError Error) : ExecutionEvent;

/// <summary>The last event.</summary>
/// <param name="Result">What it left, without output, which other events had.</param>
[GenerateSerializer, Immutable, Alias("EndEvent")]
public sealed record EndEvent([property: Id(0)] ExecutionResult Result) : ExecutionEvent;

/// <summary>A part of an execution's events.</summary>
/// <param name="Events">In order; empty when nothing happened.</param>
/// <param name="IsLast">Whether nothing comes after them.</param>
/// <param name="Instead">The execution was refused after it had waited, or answered without being run; there are no events then.</param>
[GenerateSerializer, Immutable, Alias("EventPage")]
public sealed record EventPage(
    [property: Id(0)] ExecutionEvent[] Events,
    [property: Id(1)] bool IsLast,
    [property: Id(2)] ExecutionReply? Instead);
