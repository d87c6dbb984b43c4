/** Container images: references, registries, the store, layers. */
export {};
