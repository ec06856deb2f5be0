import { refusal } from './apigee-error.ts';
import { jsonAnswer } from './loopback-server.ts';
import { type Call, keyOf, type Operation, type World } from './management-call.ts';
import { type Key, productsOf, setProduct } from './organization.ts';

export function keyProductOperations(world: World): { update: Operation; delete: Operation } {
  const { now, dialect } = world;

  function productOf(call: Call, key: Key): string {
    const product = call.params.get('apiproductsId') ?? '';
    if (productsOf(key).every(({ name }) => name !== product)) {
      const code = 'keymanagement.service.apiproduct_not_associated';
      throw refusal(400, code, 'APIProduct is not associated with consumer key');
    }
    return product;
  }

  return {
    update(call) {
      const key = keyOf(world, call);
      const status = call.query.get('action') === 'approve' ? 'approved' : 'revoked';
      setProduct(key, productOf(call, key), status, now());
      return dialect.rules.productAction();
    },
    delete(call) {
      const key = keyOf(world, call);
      setProduct(key, productOf(call, key), 'absent', now());
      return jsonAnswer(200, dialect.json.key(key));
    },
  };
}
